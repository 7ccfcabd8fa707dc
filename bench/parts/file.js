/**
 * `node file.js 1000 1000000`: the file store with few and with many records, µs of processor time per read and per
 * write, in turns; then a sweep of all of the many, expired, with what it does to the event loop.
 *
 * `any` takes any of the records; `active` the same thousand of them, as when most visitors are away: then the system
 * has their files in its cache, and what is left is what the number of files costs. `bare` takes any of the files too,
 * without the store, by the least that can be done with a file for each record: it is opened, read and closed, or read
 * and written over in place.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { closeSync, futimesSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../../dist/bundle/index.js'
import { placeOf } from '../../dist/lib/stores/file/layout.js'
import { cartOf } from '../cart.js'
import { median } from '../load.js'

const [few, many] = process.argv.slice(2).map(Number)
const rounds = 31
const batch = 1000
const expires = Date.now() + 4 * 3_600_000
const bytes = Buffer.alloc(16_384)

const directory = mkdtempSync(join(tmpdir(), 'fastify-sessions-bench-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

const small = await filled('small', few)
const large = await filled('large', many)
const results = { few, many, read: {}, write: {} }
for (const [kind, idsOfLarge, operations] of [
  ['any', large.ids, { read, write }],
  ['active', large.ids.slice(0, few), { read, write }],
  ['bare', large.ids, { read: readFile, write: rewriteFile }]
]) {
  const times = { read: [], write: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const [operation, run] of Object.entries(operations)) {
      const inSmall = await cpuOf(small, small.ids, run)
      const inLarge = await cpuOf(large, idsOfLarge, run)
      if (round > 0) times[operation].push({ inSmall, inLarge })
    }
  }
  for (const operation of ['read', 'write']) results[operation][kind] = compared(times[operation])
}
results.sweep = await sweepOf(large)
await Promise.all([small.store.close(), large.store.close()])
process.stdout.write(JSON.stringify(results))

async function filled(name, count) {
  const path = join(directory, name)
  const store = fileStore({ directory: path })
  await store.setup()
  const ids = Array.from({ length: count }, () => randomBytes(32).toString('base64url'))
  for (const [at, id] of ids.entries()) await store.create(id, JSON.stringify(cartOf(at)), expires)
  return { path, store, ids }
}

async function cpuOf(records, ids, run) {
  const chosen = Array.from({ length: batch }, () => ids[randomInt(ids.length)])
  const before = process.cpuUsage()
  for (const id of chosen) await run(records, id)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / batch
}

async function read({ store }, id) {
  if ((await store.read(id)) === undefined) throw new Error('a record is missing')
}

/** As a request does it: the record is read, and written if it is still the same. */
async function write({ store }, id) {
  const { text, version } = await store.read(id)
  if ((await store.update(id, text, expires, version)) === undefined) throw new Error('a record was not written')
}

function readFile({ path }, id) {
  withFile(path, id, 'r', (file) => readSync(file, bytes))
}

/** Leaves a record that the store takes for its own, for the sweep. */
function rewriteFile({ path }, id) {
  withFile(path, id, 'r+', (file) => {
    const length = readSync(file, bytes)
    writeSync(file, bytes, 0, length, 0)
    futimesSync(file, expires / 1000, expires / 1000)
  })
}

function withFile(path, id, flags, use) {
  const file = openSync(placeOf(path, id).record, flags)
  use(file)
  closeSync(file)
}

function compared(times) {
  return {
    few: median(times.map(({ inSmall }) => inSmall)),
    many: median(times.map(({ inLarge }) => inLarge)),
    ratio: median(times.map(({ inSmall, inLarge }) => inLarge / inSmall))
  }
}

/** In a process of its own: what V8 does about the heap that the preparation left takes longer than any turn of the sweep. */
async function sweepOf({ path, store, ids }) {
  for (const id of ids) if (!(await store.touch(id, Date.now() + 1))) throw new Error('a record is missing')
  execFileSync('sync') // else the kernel writes all those touches during the sweep, and that takes the processor
  const script = new URL('file-sweep.js', import.meta.url).pathname
  const { removed, ...measured } = JSON.parse(execFileSync(process.execPath, [script, path], { encoding: 'utf8' }))
  if (removed !== ids.length) throw new Error(`the sweep removed ${removed} of ${ids.length}`)
  return measured
}
