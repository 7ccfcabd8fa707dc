import type { FastifyReply, FastifyRequest } from 'fastify'
import { HandlerSession } from '../request/handler-session.js'
import { describeIssues } from '../schema/codec.js'
import type { Target } from './values.js'
import { browserOf, failureOf, type Lens } from './view.js'

/** What is done to a session; a text says why it could not be. */
interface Change {
  /** What is said once it is done. */
  readonly done: string
  make(session: HandlerSession, form: URLSearchParams, lens: Lens): string | undefined
}

/** Of one second, so that the end is reached as it is by itself: the next request but one finds that it has expired. */
const SHORT_LIFE = 1

export const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['set', { done: 'Saved.', make: set }],
  ['regenerate', { done: 'It has a new id.', make: (session) => nothing(session.regenerate()) }],
  ['expire', { done: 'It lives for one second more.', make: (session) => nothing(session.persist(SHORT_LIFE)) }],
  ['destroy', { done: 'It is destroyed.', make: (session) => nothing(session.destroy()) }]
])

function nothing(_done: unknown): undefined {
  return undefined
}

/** Changes one session of the request's browser, and gives it the cookies. A text says why that could not be done. */
export async function changeOwn(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  lens: Lens
): Promise<string | undefined> {
  const form = request.body as URLSearchParams
  const browser = await browserOf(request, lens)
  try {
    const session = browser.session((form.get('session') ?? '') as never) as unknown as HandlerSession
    await session.load()
    if (session.isNew) return 'This browser has no such session any more.'
    const fault = CHANGES.get(name)?.make(session, form, lens)
    if (fault !== undefined) return fault
    for (const line of await browser.commit()) reply.header('set-cookie', name === 'expire' ? lasting(line) : line)
    return undefined
  } catch (error) {
    return faultOf(request, error)
  } finally {
    browser.close()
  }
}

/**
 * Changes anybody's session on a record store, as `app.sessions.open()` lets jobs of the app do: with what is stored
 * compared and set, and this change made again on what a parallel request stored.
 */
export async function changeOther(
  request: FastifyRequest,
  { session: sessionName, id }: Target,
  name: string,
  lens: Lens
): Promise<string | undefined> {
  const form = request.body as URLSearchParams
  if (name === 'regenerate') return 'A new id is worth nothing without the browser, which has to be given it.'
  try {
    const opened = await lens.sessions.open(sessionName as never, id ?? '')
    if (opened === undefined) return 'There is no such session any more.'
    const session = opened as unknown as HandlerSession
    const fault = CHANGES.get(name)?.make(session, form, lens)
    if (fault !== undefined) return fault
    await session.save()
    return undefined
  } catch (error) {
    return faultOf(request, error)
  }
}

function faultOf(request: FastifyRequest, error: unknown): string {
  request.log.info({ err: error }, 'the inspector could not change a session')
  return failureOf(error)
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
