/**
 * `node bench/parts/listeners.js [rounds]`: what it costs that somebody listens to events, as ratios to the same requests
 * where nobody does: within the process, without a network, in turns of some milliseconds that all take in each round. The
 * second quiet app tells what two that are the same differ by.
 */
import { randomBytes } from 'node:crypto'
import { loadavg } from 'node:os'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import { loads, saves, subscribeAll } from '../../dist/bundle/events/index.js'
import fastifySessions, { memoryStore } from '../../dist/bundle/index.js'
import { cart } from '../cart.js'
import { schema } from '../contestants/fastify.js'
import { quantile } from '../load.js'
import { request } from './routing.js'

const rounds = Number(process.argv[2] ?? 200)
const turn = 64
const work = ['/cookie/read', '/cookie/write', '/memory/read', '/memory/write']

const nothing = () => () => {}
const contestants = [
  await contestant('quiet'),
  await contestant('quiet, once more'),
  await contestant('all channels', { listen: () => subscribeAll(() => {}) }),
  await contestant('both traced', { listen: trace }),
  await contestant('history: 1000', { options: { history: 1000 } }),
  await contestant('log at info', { level: 'info' }),
  await contestant('log at debug', { level: 'debug' })
]
const samples = new Map(contestants.map(({ name }) => [name, Object.fromEntries(work.map((path) => [path, []]))]))
for (let round = 0; round < rounds; round++) {
  for (const path of work) for (const each of inTurn(round)) samples.get(each.name)[path].push(await timed(each, path))
}
console.log(
  `Node ${process.version}, load ${loadavg()[0].toFixed(1)}; µs a request where nobody listens, and ratios to it`
)
for (const { name } of contestants) console.log(name.padEnd(18), work.map((path) => cell(name, path)).join('  '))
process.exit()

async function contestant(name, { level, listen = nothing, options = {} } = {}) {
  const stream = new Writable({ write: (_line, _encoding, done) => done() })
  const app = Fastify(level && { logger: { level, stream }, disableRequestLogging: true })
  await app.register(fastifySessions, {
    keys: [randomBytes(32)],
    stores: { memory: memoryStore() },
    sessions: { cookie: { schema }, memory: { schema, store: 'memory' } },
    ...options
  })
  for (const session of ['cookie', 'memory']) routes(app, session)
  await app.ready()
  const visitor = { name, app, listen, cookies: {} }
  for (const session of ['cookie', 'memory']) await ask(visitor, `/${session}/start`)
  return visitor
}

function routes(app, name) {
  app.get(`/${name}/start`, async (request) => {
    for (const [key, value] of Object.entries(cart)) request.session(name).set(key, value)
    return 'ok'
  })
  app.get(`/${name}/read`, async (request) => request.session(name).get('user'))
  app.get(`/${name}/write`, async (request) => String(request.session(name).update('count', (count) => count + 1)))
}

function trace() {
  const listeners = { start() {}, end() {} }
  for (const trips of [loads, saves]) trips.subscribe(listeners)
  return () => {
    for (const trips of [loads, saves]) trips.unsubscribe(listeners)
  }
}

/** Another one is the first in each round. */
function inTurn(round) {
  const first = round % contestants.length
  return [...contestants.slice(first), ...contestants.slice(0, first)]
}

async function timed(visitor, path) {
  await new Promise(setImmediate)
  const stop = visitor.listen()
  const before = process.cpuUsage()
  for (let times = 0; times < turn; times++) await ask(visitor, path)
  const { user, system } = process.cpuUsage(before)
  stop()
  return (user + system) / turn
}

async function ask({ app, cookies }, path) {
  const session = path.split('/')[1]
  const set = await request(app, path, cookies[session])
  if (set !== undefined) cookies[session] = set
}

/** Compilers take the first quarter. */
function cell(name, path) {
  const warm = (of) => samples.get(of)[path].slice(rounds / 4)
  if (name === 'quiet') return `${path} ${quantile(warm('quiet'), 0.5).toFixed(1)} µs`
  const quiet = warm('quiet')
  const ratios = warm(name).map((time, round) => time / quiet[round])
  return `${path} ${quantile(ratios, 0.5).toFixed(2)} ×`
}
