import { type Document, deserialize, serialize } from 'bson'

/** A command of a driver, whatever kind of message it came in. */
export interface Request {
  readonly requestId: number
  readonly command: Document
  /** Whether the driver expects no answer, as for writes with `w: 0`. */
  readonly silent: boolean
  reply(answer: Document): Buffer
}

const opReply = 1
const opQuery = 2004
const opMsg = 2013
const headerLength = 16

/** Splits a stream of bytes into requests (MongoDB wire protocol: OP_MSG, and OP_QUERY for the first greeting). */
export class Requests {
  #rest = Buffer.alloc(0)

  push(bytes: Buffer): readonly Request[] {
    const requests: Request[] = []
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= headerLength && this.#rest.length >= this.#rest.readInt32LE(0)) {
      const length = this.#rest.readInt32LE(0)
      const message = this.#rest.subarray(0, length)
      this.#rest = this.#rest.subarray(length)
      requests.push(requestIn(message))
    }
    return requests
  }
}

function requestIn(message: Buffer): Request {
  const requestId = message.readInt32LE(4)
  const opCode = message.readInt32LE(12)
  if (opCode === opMsg) return requestInMsg(message, requestId)
  if (opCode === opQuery) return requestInQuery(message, requestId)
  throw new Error(`the stand-in knows no message of kind ${opCode}`)
}

function requestInMsg(message: Buffer, requestId: number): Request {
  const flags = message.readUInt32LE(headerLength)
  const end = message.length - (flags & 1 ? 4 : 0) // a checksum
  const command: Document = {}
  for (let at = headerLength + 4; at < end; ) {
    const kind = message[at]
    const size = message.readInt32LE(at + 1)
    if (kind === 0) Object.assign(command, documentAt(message, at + 1))
    else if (kind === 1) Object.assign(command, sequenceAt(message, at + 1, size))
    else throw new Error(`the stand-in knows no section of kind ${kind}`)
    at += 1 + size
  }
  const reply = (answer: Document) => framed(opMsg, requestId, Buffer.concat([Buffer.alloc(5), serialize(answer)]))
  return { requestId, command, silent: (flags & 2) !== 0, reply }
}

/** Parses a document sequence: `identifier\0`, then documents up to the end of the section. */
function sequenceAt(message: Buffer, start: number, size: number): Document {
  const nameEnd = message.indexOf(0, start + 4)
  const name = message.toString('utf8', start + 4, nameEnd)
  const documents: Document[] = []
  for (let at = nameEnd + 1; at < start + size; at += message.readInt32LE(at)) documents.push(documentAt(message, at))
  return { [name]: documents }
}

function requestInQuery(message: Buffer, requestId: number): Request {
  const nameEnd = message.indexOf(0, headerLength + 4)
  const command = documentAt(message, nameEnd + 9) // after the numbers to skip and to return
  const head = Buffer.alloc(20)
  head.writeInt32LE(8, 0) // flag: can await data, as every server can
  head.writeInt32LE(1, 16) // one document
  const reply = (answer: Document) => framed(opReply, requestId, Buffer.concat([head, serialize(answer)]))
  return { requestId, command, silent: false, reply }
}

function documentAt(message: Buffer, at: number): Document {
  return deserialize(message.subarray(at, at + message.readInt32LE(at)))
}

let lastId = 0

function framed(opCode: number, responseTo: number, body: Buffer): Buffer {
  const header = Buffer.alloc(headerLength)
  header.writeInt32LE(headerLength + body.length, 0)
  header.writeInt32LE(++lastId, 4)
  header.writeInt32LE(responseTo, 8)
  header.writeInt32LE(opCode, 12)
  return Buffer.concat([header, body])
}
