import type { FastifyRequest } from 'fastify'
import type { SessionEvent } from '../../types/events.js'
import type { CookieLook, LoggedStep, RequestLog, SessionLook, StoredLook, Tone } from '../../types/inspector-parts.js'
import { registryOf } from '../definition/registries.js'
import { ConfigError } from '../errors.js'
import { MAX_COOKIE_BYTES } from '../options/cookie.js'
import * as plots from './plots.js'
import { Redaction } from './redaction.js'
import * as requests from './requests.js'
import * as tones from './tones.js'
import { type CookieView, type FailedView, type SessionView, viewsOf } from './view.js'

/*
 * Parts of the inspector for pages of an app's own, such as what a support desk sees. None has a route, and none checks who
 * asks: that is for the app to do.
 */

export type * from '../../types/inspector-parts.js'

/**
 * What the browser of this request has of each session of the app: sizes, versions and ends, and no values. To look is no
 * use of a session: nothing is begun, saved, renewed or moved.
 * @throws FST_SESSIONS_CONFIG where the sessions are not registered
 * @example const looks = await lookAt(request)
 */
export async function lookAt(request: FastifyRequest): Promise<readonly SessionLook[]> {
  const { sessions } = request.server
  const registry = sessions && registryOf(sessions)
  if (registry === undefined) throw new ConfigError('lookAt: there are no sessions: register them first')
  const views = await viewsOf(request, { sessions, registry, redaction: EVERYTHING })
  return views.map(lookOf)
}

/** A log that remembers so many requests. Give it the events that are to be in it. */
export function requestLog(remembered = 200): RequestLog {
  return new requests.Requests(remembered)
}

/** One event as a log shows it. */
export function stepOf(event: SessionEvent): LoggedStep {
  return requests.stepOf(event)
}

/** By which to colour an event. */
export function toneOf(event: SessionEvent['event']): Tone {
  return tones.toneOf(event)
}

/** How much of what there is room for is taken: SVG with the classes `bar`, `room` and `taken`, hidden from screen readers. */
export function sizeBar(bytes: number, mostBytes: number): string {
  return plots.bar(bytes, mostBytes).text
}

/**
 * From the beginning of a session to its latest end: SVG with the classes `timeline`, `room`, `left`, `past` and `now`,
 * hidden from screen readers.
 */
export function lifeLine({ createdAt, expires, latestEnd }: StoredLook, now = Date.now()): string {
  return plots.timeline({ from: createdAt, now, idleEnd: expires, latestEnd }).text
}

/** Nothing of what it looks at is shown. */
const EVERYTHING = new Redaction([/^/])

function lookOf(view: SessionView | FailedView): SessionLook {
  const { definition, storeName } = view
  const same = {
    session: definition.name,
    store: storeName,
    cookie: view.cookie && cookieOf(view.cookie),
    schemaVersion: definition.version
  }
  if ('failure' in view) return { ...same, stored: undefined, problem: undefined, failure: view.failure }
  return { ...same, stored: storedOf(view), problem: view.problem, failure: undefined }
}

function cookieOf({ name, bytes, key }: CookieView): CookieLook {
  return { name, bytes, mostBytes: MAX_COOKIE_BYTES, key }
}

function storedOf(view: SessionView): StoredLook | undefined {
  const { stored, definition, subjects, createdAt, latestEnd, flashes } = view
  if (stored === undefined) return undefined
  const waiting = flashes.reduce((sum, { count }) => sum + count, 0)
  return { ...stored, mostBytes: definition.maxBytes, subjects, flashes: waiting, createdAt, latestEnd }
}
