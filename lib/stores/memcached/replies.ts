/** One value in a reply to `gets`, or the payload of a reply to `config get`. */
export interface Item {
  readonly key: string
  readonly data: string
  /** The token for `cas`; absent if the command returns none. */
  readonly cas: string | undefined
}

/** The reply to one command: its values, if there are any, and the line that ends it. */
export interface Reply {
  readonly items: readonly Item[]
  /** `STORED`, `END`, `SERVER_ERROR …` and the like. */
  readonly line: string
}

/**
 * Splits the bytes of a connection into replies of the classic text protocol (doc/protocol.txt of memcached). A reply
 * ends with the first line that does not announce data, whatever the command was.
 */
export class ReplyReader {
  #held: Buffer[] = []
  #heldBytes = 0
  /** How many bytes are needed to proceed, so that a long value is concatenated once and not with each packet. */
  #wantedBytes = 1
  #items: Item[] = []

  /** Returns the replies that these bytes complete. */
  read(bytes: Buffer): readonly Reply[] {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes < this.#wantedBytes) return []
    const replies: Reply[] = []
    let rest = Buffer.concat(this.#held)
    let step = nextStep(rest)
    for (; 'length' in step; step = nextStep(rest)) {
      rest = rest.subarray(step.length)
      if (step.item) this.#items.push(step.item)
      else replies.push(this.#take(step.line))
    }
    this.#hold(rest, step.wantedBytes)
    return replies
  }

  #hold(rest: Buffer, wantedBytes: number): void {
    this.#held = [rest]
    this.#heldBytes = rest.length
    this.#wantedBytes = wantedBytes
  }

  #take(line: string): Reply {
    const items = this.#items
    this.#items = []
    return { items, line }
  }
}

type Step =
  | { readonly wantedBytes: number }
  | { readonly length: number; readonly line: string; readonly item?: Item | undefined }

function nextStep(bytes: Buffer): Step {
  const lineLength = bytes.indexOf('\r\n')
  if (lineLength === -1) return { wantedBytes: bytes.length + 1 }
  const line = bytes.toString('utf8', 0, lineLength)
  const announced = announcement.exec(line)
  if (!announced) return { length: lineLength + 2, line }
  const [, key = '', dataBytes, cas] = announced
  const start = lineLength + 2
  const end = start + Number(dataBytes)
  if (bytes.length < end + 2) return { wantedBytes: end + 2 }
  return { length: end + 2, line, item: { key, data: bytes.toString('utf8', start, end), cas } }
}

/** The line before a value: `VALUE key flags bytes [cas]`, or the answer to `config get`, which has the same form. */
const announcement = /^(?:VALUE|CONFIG) (\S+) \d+ (\d+)(?: (\d+))?$/
