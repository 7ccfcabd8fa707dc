import type { FastifyReply, FastifyRequest } from 'fastify'
import { HandlerSession } from '../request/handler-session.js'
import { describeIssues } from '../schema/codec.js'
import { browserOf, failureOf, type Lens } from './view.js'

/** What is done to a session of this browser; a text says why it could not be. */
export type Change = (session: HandlerSession, form: URLSearchParams, lens: Lens) => string | undefined

/** Of one second, so that the end is reached as it is by itself: the next request but one finds that it has expired. */
const SHORT_LIFE = 1

export const CHANGES: Readonly<Record<string, Change>> = {
  set,
  regenerate: (session) => {
    session.regenerate()
    return undefined
  },
  expire: (session) => {
    session.persist(SHORT_LIFE)
    return undefined
  },
  destroy: (session) => {
    session.destroy()
    return undefined
  }
}

/** Changes one session of the request's browser, and gives it the cookies. A text says why that could not be done. */
export async function change(
  request: FastifyRequest,
  reply: FastifyReply,
  what: Change,
  lens: Lens
): Promise<string | undefined> {
  const form = request.body as URLSearchParams
  const browser = await browserOf(request, lens)
  try {
    const session = browser.session((form.get('session') ?? '') as never) as unknown as HandlerSession
    await session.load()
    const fault = session.isNew ? 'This browser has no such session any more.' : what(session, form, lens)
    if (fault !== undefined) return fault
    for (const line of await browser.commit())
      reply.header('set-cookie', what === CHANGES['expire'] ? lasting(line) : line)
    return undefined
  } catch (error) {
    request.log.info({ err: error }, 'the inspector could not change a session')
    return failureOf(error)
  } finally {
    browser.close()
  }
}

/** The browser keeps a cookie that has expired, and sends it: else nobody would see what the app makes of it. */
function lasting(line: string): string {
  return line.replace(/; Max-Age=[1-9]\d*/i, '')
}

/** What is given is the stored form, as JSON, as it is shown. */
function set(session: HandlerSession, form: URLSearchParams, { registry }: Lens): string | undefined {
  const key = form.get('key') ?? ''
  const text = (form.get('value') ?? '').trim()
  if (text === '') {
    session.delete(key)
    return undefined
  }
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch {
    return `${key}: that is not JSON. Text stands in double quotes: "like this".`
  }
  const decoded = registry
    .find(session.name)
    .codec.decodeKey(key, stored, HandlerSession.stateOf(session).content.values.all())
  if (decoded.issues) return `The schema refuses it: ${describeIssues(decoded.issues, key)}`
  session.set(key, decoded.value)
  return undefined
}
