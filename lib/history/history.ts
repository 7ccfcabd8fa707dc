import type { SessionEvent } from '../../types/events.js'
import type { Why } from '../../types/history.js'
import type { Recorder } from '../events/app-events.js'
import { ENDINGS, entryOf } from './entries.js'
import type { Archive } from './ring.js'
import { explain, type Present } from './why.js'

/** Keeps what ended or refused sessions, for `app.sessions.why()`. */
export class History implements Recorder {
  readonly kinds = ENDINGS
  readonly #archive: Archive

  constructor(archive: Archive) {
    this.#archive = archive
  }

  record(event: SessionEvent): void {
    this.#archive.add(entryOf(event))
  }

  async why(asked: string, present: Present): Promise<Why> {
    return explain(asked, await this.#archive.find(asked), present)
  }

  close(): Promise<void> {
    return this.#archive.close()
  }
}
