import type { FastifyBaseLogger } from 'fastify'
import type { SessionEvent, SessionEvents } from '../../types/events.js'
import type { Sessions } from '../../types/register.js'
import { areLoadsHeard, areOpeningsHeard, areSavesHeard, channels } from './channels.js'

type LineOf = (event: SessionEvent) => string

export type Kind = keyof SessionEvents

/** What is to be said of one event, without what is the same for all. */
export type Told<K extends Kind, Known = never> = Omit<
  SessionEvents[K],
  'event' | 'at' | 'sessions' | Extract<Known, string>
>

/** Keeps what may be asked for later. */
export interface Recorder {
  /** What it keeps; the rest needs not be told for its sake. */
  readonly kinds: ReadonlySet<Kind>
  record(event: SessionEvent): void
}

/** Tells what happens to the sessions of one app: on the channels, in the log, and to those who keep it. */
export class AppEvents {
  #sessions: Sessions | undefined
  #recorder: Recorder | undefined
  /** What makes lines of events is loaded where they are written: few processes log at the level `debug`. */
  #lineOf: LineOf | undefined

  /** @param sessions `app.sessions` */
  begin(sessions: Sessions): void {
    this.#sessions = sessions
  }

  /** The app starts: lines of the log stand in the order of what happens from the first on. */
  async ready(log: FastifyBaseLogger): Promise<void> {
    if (isDebugging(log)) await this.#loadLines()
  }

  recordBy(recorder: Recorder): void {
    this.#recorder = recorder
  }

  /** Whether what ends sessions is kept, so that it can be asked for. */
  get isRecorded(): boolean {
    return this.#recorder !== undefined
  }

  get sessions(): Sessions {
    return this.#sessions as Sessions
  }

  /** Whether anybody hears of an event of this kind. */
  isHeard(kind: Kind, log: FastifyBaseLogger): boolean {
    return channels[kind].hasSubscribers || this.#recorder?.kinds.has(kind) === true || isDebugging(log)
  }

  /** Whether anybody hears that a session is opened. */
  areOpeningsHeard(log: FastifyBaseLogger): boolean {
    return areOpeningsHeard() || isDebugging(log)
  }

  /** Whether anybody hears of any event that a load can give, or traces it. */
  areLoadsHeard(log: FastifyBaseLogger): boolean {
    return areLoadsHeard() || this.#recorder !== undefined || isDebugging(log)
  }

  /** Whether anybody hears of any event that a save can give, or traces it. */
  areSavesHeard(log: FastifyBaseLogger): boolean {
    return areSavesHeard() || this.#recorder !== undefined || isDebugging(log)
  }

  /** Tells those who listen to events of this kind. */
  tell<K extends Kind>(kind: K, log: FastifyBaseLogger, told: Told<K>): void {
    const event = { event: kind, at: Date.now(), sessions: this.#sessions, ...told } as unknown as SessionEvent
    channels[kind].publish(event)
    if (this.#recorder?.kinds.has(kind)) this.#recorder.record(event)
    if (!isDebugging(log)) return
    if (this.#lineOf === undefined) void this.#loadLines().then((lineOf) => writeLine(log, event, lineOf))
    else writeLine(log, event, this.#lineOf)
  }

  async #loadLines(): Promise<LineOf> {
    const { lineOf } = await import('./lines.js')
    this.#lineOf = lineOf
    return lineOf
  }
}

/** Whether a line at the level `debug` would be written. A logger that Fastify was not given does nothing at any level. */
export function isDebugging(log: FastifyBaseLogger): boolean {
  if (log.debug === log.fatal) return false
  const { isLevelEnabled } = log as { readonly isLevelEnabled?: (level: string) => boolean }
  return isLevelEnabled === undefined || isLevelEnabled.call(log, 'debug')
}

/** Without the user, who may be named by an address of e-mail. */
function writeLine(log: FastifyBaseLogger, event: SessionEvent, lineOf: LineOf): void {
  const { session, store, id } = event as { readonly session?: string; readonly store?: string; readonly id?: string }
  log.debug({ event: event.event, session, store, id }, lineOf(event))
}
