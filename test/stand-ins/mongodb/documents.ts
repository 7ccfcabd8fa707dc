import { calculateObjectSize, type Document, EJSON } from 'bson'

/** A refusal with the server's code and message. */
export class Refusal extends Error {
  readonly code: number
  readonly codeName: string

  constructor(code: number, codeName: string, message: string) {
    super(message)
    this.code = code
    this.codeName = codeName
  }
}

export interface Index {
  readonly name: string
  readonly key: Document
  readonly expireAfterSeconds?: number
}

export interface Updated {
  readonly matched: number
  readonly modified: number
  readonly upserted?: unknown
}

/** One collection. Every method is synchronous, and so atomic, as the server is for a single document. */
export class Documents {
  readonly #namespace: string
  readonly #isValid: (document: Document) => boolean
  readonly #byId = new Map<string, Document>()
  readonly indexes: Index[] = [{ name: '_id_', key: { _id: 1 } }]

  constructor(namespace: string, isValid: (document: Document) => boolean) {
    this.#namespace = namespace
    this.#isValid = isValid
  }

  find(filter: Document): readonly Document[] {
    return [...this.#candidates(filter)].filter((document) => matches(document, filter))
  }

  insert(document: Document): void {
    const key = EJSON.stringify(document['_id'])
    if (this.#byId.has(key)) {
      const text = `E11000 duplicate key error collection: ${this.#namespace} index: _id_ dup key: { _id: ${key} }`
      throw new Refusal(11000, 'DuplicateKey', text)
    }
    this.#byId.set(key, this.#checked(document))
  }

  update(filter: Document, update: Document, { multi = false, upsert = false } = {}): Updated {
    const found = this.find(filter)
    const chosen = multi ? found : found.slice(0, 1)
    if (chosen.length === 0 && upsert) return { matched: 0, modified: 0, upserted: this.#upsert(filter, update) }
    let modified = 0
    for (const document of chosen) {
      const next = this.#checked(changed(document, update, false))
      if (EJSON.stringify(next) !== EJSON.stringify(document)) modified++
      this.#byId.set(EJSON.stringify(document['_id']), next)
    }
    return { matched: chosen.length, modified }
  }

  delete(filter: Document, limit: number): number {
    const found = this.find(filter)
    const chosen = limit === 1 ? found.slice(0, 1) : found
    for (const document of chosen) this.#byId.delete(EJSON.stringify(document['_id']))
    return chosen.length
  }

  createIndex(index: Index): void {
    const same = this.indexes.find(({ name, key }) => name === index.name || sameValue(key, index.key))
    if (!same) this.indexes.push(index)
    else if (!sameValue(same, index)) {
      const text = `An equivalent index already exists with the same name but different options. Requested index: ${EJSON.stringify(index)}, existing index: ${EJSON.stringify(same)}`
      throw new Refusal(85, 'IndexOptionsConflict', text)
    }
  }

  /** Runs the TTL monitor once. It considers only dates, and only fields whose index asks for it. */
  removeExpired(now: number): void {
    for (const { key, expireAfterSeconds } of this.indexes) {
      if (expireAfterSeconds === undefined) continue
      const [field = ''] = Object.keys(key)
      for (const [id, document] of this.#byId) {
        const date = document[field]
        if (date instanceof Date && date.getTime() + expireAfterSeconds * 1000 <= now) this.#byId.delete(id)
      }
    }
  }

  #checked(document: Document): Document {
    if (!this.#isValid(document)) throw new Refusal(121, 'DocumentValidationFailure', 'Document failed validation')
    return sized(document)
  }

  /**
   * The documents to check: those with the `_id` in the filter if there is one, so that a test with many records is not
   * slow.
   */
  *#candidates({ _id }: Document): Generator<Document> {
    const ids = isOperators(_id) ? _id['$in'] : [_id]
    if (_id === undefined || !Array.isArray(ids)) yield* this.#byId.values()
    else {
      for (const key of new Set(ids.map((id) => EJSON.stringify(id)))) {
        const document = this.#byId.get(key)
        if (document) yield document
      }
    }
  }

  /** Inserts a document with the fields that the filter requires to be equal, after applying the update to it. */
  #upsert(filter: Document, update: Document): unknown {
    const equalities = Object.entries(filter).filter(([, condition]) => !isOperators(condition))
    const document = changed(Object.fromEntries(equalities), update, true)
    if (document['_id'] === undefined) throw new Refusal(2, 'BadValue', 'the stand-in makes up no ids')
    this.insert(document)
    return document['_id']
  }
}

/** The size of the largest document, in bytes. */
export const largest = 16 * 1024 * 1024

function sized(document: Document): Document {
  const size = calculateObjectSize(document)
  if (size <= largest) return document
  throw new Refusal(
    10334,
    'BSONObjectTooLarge',
    `BSONObj size: ${size} is invalid. Size must be between 0 and ${largest}`
  )
}

function matches(document: Document, filter: Document): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    if (field.startsWith('$')) throw new Refusal(2, 'BadValue', `unknown top level operator: ${field}`)
    if (!isOperators(condition)) return sameValue(document[field], condition)
    return Object.entries(condition).every(([operator, operand]) => holds(document[field], operator, operand))
  })
}

function holds(value: unknown, operator: string, operand: unknown): boolean {
  switch (operator) {
    case '$eq':
      return sameValue(value, operand)
    case '$in':
      return (operand as readonly unknown[]).some((one) => sameValue(value, one))
    case '$gt':
      return comparable(value, operand) && order(value, operand) > 0
    case '$gte':
      return comparable(value, operand) && order(value, operand) >= 0
    case '$lt':
      return comparable(value, operand) && order(value, operand) < 0
    case '$lte':
      return comparable(value, operand) && order(value, operand) <= 0
    default:
      throw new Refusal(2, 'BadValue', `unknown operator: ${operator}`)
  }
}

/** Compares texts by their characters, which for ids is the order of their bytes. */
function order(value: unknown, operand: unknown): number {
  if (typeof value !== 'string' || typeof operand !== 'string') return Number(value) - Number(operand)
  return value === operand ? 0 : value < operand ? -1 : 1
}

/** The server compares only values of the same type: a date is neither before nor after a number or a missing value. */
function comparable(value: unknown, operand: unknown): boolean {
  const dates = value instanceof Date && operand instanceof Date
  const texts = typeof value === 'string' && typeof operand === 'string'
  return dates || texts || (typeof value === 'number' && typeof operand === 'number')
}

function changed(document: Document, update: Document, inserting: boolean): Document {
  const next = { ...document }
  for (const [operator, fields] of Object.entries(update)) {
    if (operator === '$set' || (operator === '$setOnInsert' && inserting)) Object.assign(next, fields)
    else if (operator !== '$setOnInsert') throw new Refusal(9, 'FailedToParse', `Unknown modifier: ${operator}`)
  }
  return next
}

function isOperators(condition: unknown): condition is Document {
  if (condition === null || typeof condition !== 'object' || condition instanceof Date) return false
  return Object.keys(condition).some((key) => key.startsWith('$'))
}

function sameValue(one: unknown, other: unknown): boolean {
  return EJSON.stringify({ value: one }) === EJSON.stringify({ value: other })
}
