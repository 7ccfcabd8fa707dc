/**
 * `node memory-time.js 1000,100000,1000000`: ns per operation of the memory store on random ids. Beside each `read`
 * stands a plain Map's `get` of the same ids: what the processor's caches take is not the store's doing.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { memoryStore } from '../../dist/bundle/index.js'
import { cartOf } from '../cart.js'
import { median } from '../load.js'

const batch = 20_000
const batches = 15
const expires = Date.now() + 3_600_000
const newId = () => randomBytes(32).toString('base64url')
const text = JSON.stringify(cartOf(1))

const results = {}
for (const size of process.argv[2].split(',').map(Number)) {
  const store = memoryStore({ maxRecords: size, maxBytes: Number.POSITIVE_INFINITY })
  const ids = Array.from({ length: size }, newId)
  const versions = new Map()
  for (const [at, id] of ids.entries())
    versions.set(id, await store.create(id, JSON.stringify(cartOf(at)), expires + at))
  const some = () => Array.from({ length: batch }, () => ids[randomInt(size)])
  const read = await time(some, (id) => store.read(id))
  const mapGet = await time(some, async (id) => versions.get(id))
  const update = await time(some, async (id) =>
    versions.set(id, await store.update(id, text, expires, versions.get(id)))
  )
  // The store is full: each new record drops the one that was not used for longest.
  const evict = await time(
    () => Array.from({ length: batch }, newId),
    (id) => store.create(id, text, expires)
  )
  results[size] = { read, mapGet, update, evict }
}
process.stdout.write(JSON.stringify(results))

async function time(prepare, run) {
  const times = []
  for (let at = 0; at < batches; at++) {
    const arguments_ = prepare()
    const start = process.hrtime.bigint()
    for (const argument of arguments_) await run(argument)
    times.push(Number(process.hrtime.bigint() - start) / batch)
  }
  return Math.round(median(times))
}
