import type { FastifyRequest } from 'fastify'
import type { BrowserSessions, Sessions } from '../../types/register.js'
import type { Problem } from '../../types/session.js'
import type { Version } from '../../types/store.js'
import { CookieHeader, find } from '../cookie/header.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Registry } from '../definition/registry.js'
import { openTicket } from '../load/load.js'
import { HandlerSession } from '../request/handler-session.js'
import { keyIdIn } from '../seal/sealer.js'
import { latestEnd } from '../session/lifetime.js'
import type { SessionState } from '../session/state.js'
import type { Redaction, Shown } from './redaction.js'
import { typesOfKeys } from './types-of-keys.js'
import { unseen } from './unseen.js'

/** One key of a session, with what stands there. */
export interface KeyView extends Partial<Shown> {
  readonly key: string
  /** As its schema gives it, where that is one of zod's. */
  readonly type: string | undefined
}

/** What the browser sent. */
export interface CookieView {
  readonly name: string
  /** Of name and value, of each of the cookies that the session is split into. */
  readonly bytes: readonly number[]
  /** How many of this name came: more than one after a change of `domain` or `path`. */
  readonly copies: number
  /** The id of the key that sealed it, in hex. */
  readonly key: string | undefined
  /** That of the record that it names, whether there is one or not. */
  readonly id: string | undefined
}

export interface FlashView extends Shown {
  readonly kind: string
  readonly count: number
}

/** What is stored of it. */
export interface StoredView {
  readonly id: string | undefined
  /** As the store counts it. */
  readonly version: Version | undefined
  /** The version of the schema under which it was stored. */
  readonly schemaVersion: number
  readonly bytes: number
  /** When it ends unless it is used, in ms since the epoch. */
  readonly expires: number
}

export interface SessionView {
  readonly definition: ResolvedDefinition
  readonly storeName: string
  /** `undefined`: the browser sent none. */
  readonly cookie: CookieView | undefined
  readonly problem: Problem | undefined
  readonly isStale: boolean
  /** In ms since the epoch. */
  readonly createdAt: number
  readonly latestEnd: number
  readonly persist: number | false | undefined
  readonly subjects: readonly string[]
  readonly stored: StoredView | undefined
  readonly keys: readonly KeyView[]
  readonly flashes: readonly FlashView[]
}

/** A session that could not be read. */
export interface FailedView {
  readonly definition: ResolvedDefinition
  readonly storeName: string
  readonly cookie: CookieView | undefined
  readonly failure: string
}

/** What sessions are looked at with. */
export interface Lens {
  readonly sessions: Sessions
  readonly registry: Registry
  readonly redaction: Redaction
}

/** The sessions of a request's browser. To look at them is no use: nothing is saved, and no cookie is renewed. */
export function browserOf(request: FastifyRequest, { sessions }: Lens): Promise<BrowserSessions> {
  const protocol = request.protocol === 'https' ? 'https' : 'http'
  return sessions.fromHeader(request.raw.headers.cookie, { protocol })
}

export function viewsOf(request: FastifyRequest, lens: Lens): Promise<readonly (SessionView | FailedView)[]> {
  return unseen(async () => {
    const browser = await browserOf(request, lens)
    const header = request.raw.headers.cookie ?? ''
    const views = await Promise.all(
      lens.registry.definitions.map((definition) => viewOf(definition, browser, header, lens))
    )
    browser.close()
    return views
  })
}

async function viewOf(
  definition: ResolvedDefinition,
  browser: BrowserSessions,
  header: string,
  lens: Lens
): Promise<SessionView | FailedView> {
  const cookie = cookieOf(definition, header)
  const storeName = definition.events.store
  try {
    const session = browser.session(definition.name as never) as unknown as HandlerSession
    await session.load()
    const state = HandlerSession.stateOf(session.touch(false))
    return { storeName, cookie, ...describe(definition, state, lens) }
  } catch (error) {
    return { definition, storeName, cookie, failure: failureOf(error) }
  }
}

/** Anybody's session on a record store; `undefined`: no such session lives. */
export function viewOfOther(definition: ResolvedDefinition, id: string, lens: Lens): Promise<SessionView | undefined> {
  return unseen(async () => {
    const session = (await lens.sessions.open(definition.name as never, id)) as unknown as HandlerSession | undefined
    if (session === undefined) return undefined
    const storeName = definition.events.store
    return { storeName, cookie: undefined, ...describe(definition, HandlerSession.stateOf(session), lens) }
  })
}

function describe(
  definition: ResolvedDefinition,
  state: SessionState,
  lens: Lens
): Omit<SessionView, 'cookie' | 'storeName'> {
  const { content, problem, isStale, origin } = state
  const { createdAt, persist, subjects } = content
  return {
    definition,
    problem,
    isStale,
    createdAt,
    latestEnd: latestEnd(createdAt, definition.absolute),
    persist,
    subjects,
    stored: origin && {
      id: origin.location?.id,
      version: origin.location?.version,
      schemaVersion: origin.record.v ?? 1,
      bytes: Buffer.byteLength(origin.text),
      expires: origin.expires
    },
    keys: keysOf(definition, content.values.all(), lens),
    flashes: flashesOf(definition, content.flashes, lens)
  }
}

/** Of the keys that the schema names, and of those that are there besides. */
export function keysOf(
  { codec, name }: ResolvedDefinition,
  data: Readonly<Record<string, unknown>>,
  { registry, redaction }: Lens
): readonly KeyView[] {
  const types = typesOfKeys(registry.schemaOf(name), (key) => redaction.hides(key))
  return [...new Set([...codec.named, ...Object.keys(data)])].map((key) => {
    const stored = data[key] === undefined ? undefined : codec.encodeKey(key, data[key])
    const type = types.get(key)
    if (stored === undefined) return { key, type }
    if (stored.issues) return { key, type, text: '(does not fit the schema)', isHidden: true }
    return { key, type, ...redaction.show(key, stored.value) }
  })
}

function flashesOf(
  { flashes: codecs }: ResolvedDefinition,
  flashes: SessionState['content']['flashes'],
  { redaction }: Lens
): readonly FlashView[] {
  return flashes.kinds().map((kind) => {
    const messages = flashes.peek(kind)
    const stored = messages.map((message) => codecs.get(kind)?.encode(message))
    const shown = stored.map((each) => (each === undefined || each.issues ? null : each.value))
    return { kind, count: messages.length, ...redaction.show(kind, shown) }
  })
}

function cookieOf(definition: ResolvedDefinition, header: string): CookieView | undefined {
  const { cookie } = definition
  const cookies = new CookieHeader(header)
  const first = cookie.first(cookies)
  if (first === undefined) return undefined
  const bytes = cookie.names.flatMap((name) => {
    const found = find(header, `${name}=`, 0)
    return found === undefined ? [] : name.length + found.value.length
  })
  const id = idIn(definition, cookies)
  return { name: cookie.name, bytes, copies: copiesOf(header, cookie.name), key: keyIdIn(first.value), id }
}

/** The record that the first of its cookies names, as they are tried when it is loaded. */
function idIn(definition: ResolvedDefinition, header: CookieHeader): string | undefined {
  if (definition.store === undefined) return undefined
  const opened = openTicket(definition, header, { now: Date.now(), clearedAt: 0 })
  return opened?.ticket === undefined ? opened?.refusal.id : opened.ticket.id
}

function copiesOf(header: string, name: string): number {
  let copies = 0
  for (let found = find(header, `${name}=`, 0); found !== undefined; found = find(header, `${name}=`, found.end))
    copies++
  return copies
}

/** Of errors of this plugin: their messages hold no values. Those of others may hold anything. */
export function failureOf(error: unknown): string {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  const isOurs = typeof code === 'string' && code.startsWith('FST_SESSIONS_')
  return isOurs ? `${message} (${code})` : 'It failed in a way that only the log may tell.'
}
