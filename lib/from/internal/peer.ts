import type { OldCookieAttributes, OldData } from '../../../types/from.js'
import type { Awaitable } from '../../../types/store.js'
import type { OldCookies } from './old-cookies.js'

/** What is known of one plugin whose sessions go on as ours. */
export interface Peer {
  /** Its package. */
  readonly name: string
  /** The names of its cookies. */
  readonly cookies: readonly string[]
  /** Those with which the browser keeps them. */
  readonly attributes: OldCookieAttributes
  /** Derives keys, before the first request. */
  readonly ready?: () => Promise<void>
  /** The sessions that came and are authentic, in the order of the header. Never throws. */
  open(cookies: OldCookies): readonly OldSession[]
}

/** One session of another plugin: that its cookie came, and was made by that plugin. */
export interface OldSession {
  /** What no other session has. `undefined`: two browsers can have the very same cookie. */
  readonly identity: string | undefined
  /** The text of its cookie. */
  readonly value: string
  /** What it holds, and when it ends, in ms since the epoch, if that is known; `undefined` when it has ended. */
  read(now: number): Awaitable<{ readonly data: OldData; readonly ends?: number | undefined } | undefined>
  /** Where it is kept by a server: ends it there. */
  end?(): Promise<void>
}
