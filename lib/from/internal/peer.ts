import type { OldCookieAttributes, OldData } from '../../../types/from.js'
import type { Awaitable } from '../../../types/store.js'
import type { OldCookies } from './old-cookies.js'

/** Another plugin whose sessions can be carried over. */
export interface Peer {
  /** The name of its package. */
  readonly name: string
  /** The names of its cookies. */
  readonly cookies: readonly string[]
  /** The attributes with which its cookies were set. */
  readonly attributes: OldCookieAttributes
  /** Derives keys. It runs before the first request. */
  readonly ready?: () => Promise<void>
  /** Returns the authentic sessions among the cookies, in the order of the header. Never throws. */
  open(cookies: OldCookies): readonly OldSession[]
}

/** A session of another plugin whose cookie was sent and is authentic. */
export interface OldSession {
  /** Identifies the session uniquely. `undefined`: two browsers can have the same cookie. */
  readonly identity: string | undefined
  /** The value of its cookie, or the id in it. */
  readonly value: string
  /** Returns its data and when it ends, in ms since the epoch, if that is known. `undefined`: the session has ended. */
  read(now: number): Awaitable<{ readonly data: OldData; readonly ends?: number | undefined } | undefined>
  /** Removes the session from its store; absent if its cookie holds everything. */
  end?(): Promise<void>
}
