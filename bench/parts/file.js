/**
 * `node --expose-gc file.js 1000 1000000`: the file store with few and with many records, µs of processor time per read
 * and per write, in turns; then a sweep of all of the many, expired, with what it does to the event loop.
 *
 * `any` takes any of the records; `active` the same thousand of them, as when most visitors are away: then the system
 * has their files in its cache, and what is left is what the number of files costs.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileStore } from '../../dist/bundle/index.js'
import { cartOf } from '../cart.js'
import { median } from '../load.js'

const [few, many] = process.argv.slice(2).map(Number)
const rounds = 31
const batch = 1000
const expires = Date.now() + 4 * 3_600_000

const directory = mkdtempSync(join(tmpdir(), 'fastify-sessions-bench-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

const small = await filled('small', few)
const large = await filled('large', many)
const results = { few, many, read: {}, write: {} }
for (const [kind, idsOfLarge] of [
  ['any', large.ids],
  ['active', large.ids.slice(0, few)]
]) {
  const times = { read: [], write: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const [operation, run] of [
      ['read', read],
      ['write', write]
    ]) {
      const inSmall = await cpuOf(small.store, small.ids, run)
      const inLarge = await cpuOf(large.store, idsOfLarge, run)
      if (round > 0) times[operation].push({ inSmall, inLarge })
    }
  }
  for (const operation of ['read', 'write']) results[operation][kind] = compared(times[operation])
}
results.sweep = await sweepOf(large)
await Promise.all([small.store.close(), large.store.close()])
process.stdout.write(JSON.stringify(results))

async function filled(name, count) {
  const store = fileStore({ directory: join(directory, name) })
  await store.setup()
  const ids = Array.from({ length: count }, () => randomBytes(32).toString('base64url'))
  for (const [at, id] of ids.entries()) await store.create(id, JSON.stringify(cartOf(at)), expires)
  return { store, ids }
}

async function cpuOf(store, ids, run) {
  const chosen = Array.from({ length: batch }, () => ids[randomInt(ids.length)])
  const before = process.cpuUsage()
  for (const id of chosen) await run(store, id)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / batch
}

async function read(store, id) {
  if ((await store.read(id)) === undefined) throw new Error('a record is missing')
}

/** As a request does it: the record is read, and written if it is still the same. */
async function write(store, id) {
  const { text, version } = await store.read(id)
  if ((await store.update(id, text, expires, version)) === undefined) throw new Error('a record was not written')
}

function compared(times) {
  return {
    few: median(times.map(({ inSmall }) => inSmall)),
    many: median(times.map(({ inLarge }) => inLarge)),
    ratio: median(times.map(({ inSmall, inLarge }) => inLarge / inSmall))
  }
}

async function sweepOf({ store, ids }) {
  for (const id of ids) if (!(await store.touch(id, Date.now() + 1))) throw new Error('a record is missing')
  const expired = ids.length
  execFileSync('sync') // else the kernel writes all those touches during the sweep, and that takes the processor
  ids.length = 0 // a million strings of this script's own would keep the collector busy for as long as the disk
  globalThis.gc()
  const idle = await delayDuring(() => sleep(3000))
  const start = performance.now()
  let removed
  const delay = await delayDuring(async () => {
    removed = await store.sweep()
  })
  if (removed !== expired) throw new Error(`the sweep removed ${removed} of ${expired}`)
  return { seconds: (performance.now() - start) / 1000, delay, idle }
}

/** In ms between two turns of a timer of 1 ms. */
async function delayDuring(run) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await run()
  histogram.disable()
  const [max, p99, p50] = [histogram.max, histogram.percentile(99), histogram.percentile(50)].map((ns) => ns / 1e6)
  return { max, p99, p50 }
}
