/**
 * `node bench/parts/styles.js`: µs of one read of a store, by how it is written: as a job, which is a generator, as a plain
 * function with a look whether the answer is a promise, and as an async function; from a store that answers at once and from
 * one that gives a promise.
 */
import { runAlone } from '../../dist/lib/records/rounds.js'
import { isPromise } from '../../dist/lib/util/awaitable.js'
import { quantile } from '../load.js'

const atOnce = { read: (id) => ({ text: id, version: 1, expires: 2 }) }
const later = { read: async (id) => atOnce.read(id) }

function* job(id) {
  const stored = yield { kind: 'read', id }
  return { stored }
}

function* jobWithinJob(id) {
  return yield* job(id)
}

function plain(store, id) {
  const stored = store.read(id)
  return isPromise(stored) ? stored.then(found) : found(stored)
}

const found = (stored) => ({ stored })

async function waiting(store, id) {
  const stored = await store.read(id)
  return { stored }
}

const styles = {
  job: (store) => runAlone(store, job('id')),
  'job within a job': (store) => runAlone(store, jobWithinJob('id')),
  'plain function': (store) => plain(store, 'id'),
  'async function': (store) => waiting(store, 'id')
}
const times = {}
for (let round = 0; round < 60; round++) {
  for (const [name, read] of Object.entries(styles)) {
    await time(`at once: ${name}`, atOnce, read)
    await time(`a promise: ${name}`, later, read)
  }
}
for (const [name, list] of Object.entries(times)) console.log(name.padEnd(30), quantile(list, 0.1).toFixed(3))

async function time(name, store, read) {
  const many = 5000
  const start = performance.now()
  for (let at = 0; at < many; at++) {
    const answer = read(store)
    if (isPromise(answer)) await answer
  }
  times[name] ??= []
  times[name].push(((performance.now() - start) * 1000) / many)
}
