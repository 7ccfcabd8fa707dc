/**
 * `node bench/parts/listeners.js [rounds]`: what it costs that somebody listens to events, as ratios to the same requests
 * where nobody does. Each has a process of its own, since channels belong to the whole process; in each round all take a
 * turn, one after the other, with requests that are made without a network. The second quiet one tells what two that are
 * the same differ by.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import { loads, saves, subscribeAll } from '../../dist/bundle/events/index.js'
import fastifySessions, { memoryStore } from '../../dist/bundle/index.js'
import { cart } from '../cart.js'
import { schema } from '../contestants/fastify.js'
import { quantile } from '../load.js'
import { request } from './routing.js'

const turn = 64
const sessions = ['cookie', 'memory']
const work = sessions.flatMap((session) => [`/${session}/read`, `/${session}/write`])

const contestants = {
  quiet: () => app(),
  'quiet, once more': () => app(),
  'all channels': () => {
    subscribeAll(() => {})
    return app()
  },
  'both traced': () => {
    for (const trips of [loads, saves]) trips.subscribe({ start() {}, end() {} })
    return app()
  },
  'history: 1000': () => app({}, { history: 1000 }),
  'log at info': () => app(logging('info')),
  'log at debug': () => app(logging('debug'))
}

if (process.send === undefined) await compare(Number(process.argv[2] ?? 200))
else await serve(process.argv[2])

async function app(options, more) {
  const app = Fastify(options)
  await app.register(fastifySessions, {
    keys: [randomBytes(32)],
    stores: { memory: memoryStore() },
    sessions: { cookie: { schema }, memory: { schema, store: 'memory' } },
    ...more
  })
  for (const session of sessions) routes(app, session)
  await app.ready()
  return app
}

function logging(level) {
  const stream = new Writable({ write: (_line, _encoding, done) => done() })
  return { logger: { level, stream }, disableRequestLogging: true }
}

function routes(app, name) {
  app.get(`/${name}/start`, async (request) => {
    for (const [key, value] of Object.entries(cart)) request.session(name).set(key, value)
    return 'ok'
  })
  app.get(`/${name}/read`, async (request) => request.session(name).get('user'))
  app.get(`/${name}/write`, async (request) => String(request.session(name).update('count', (count) => count + 1)))
}

/** Takes a turn each time that it is told a path, and answers with the µs of processor time of a request. */
async function serve(name) {
  const app = await contestants[name]()
  const cookies = {}
  for (const session of sessions) cookies[session] = await request(app, `/${session}/start`)
  process.on('message', async (path) => process.send(await timed(app, path, cookies)))
  process.send('ready')
}

async function timed(app, path, cookies) {
  const session = path.split('/')[1]
  const before = process.cpuUsage()
  for (let times = 0; times < turn; times++)
    cookies[session] = (await request(app, path, cookies[session])) ?? cookies[session]
  const { user, system } = process.cpuUsage(before)
  return (user + system) / turn
}

async function compare(rounds) {
  const names = Object.keys(contestants)
  const processes = new Map(names.map((name) => [name, fork(import.meta.filename, [name])]))
  for (const each of processes.values()) await once(each, 'message')
  const samples = new Map(names.map((name) => [name, new Map(work.map((path) => [path, []]))]))
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    const order = [...names.slice(first), ...names.slice(0, first)]
    for (const path of work) {
      for (const name of order)
        samples
          .get(name)
          .get(path)
          .push(await turnOf(processes.get(name), path))
    }
  }
  for (const each of processes.values()) each.disconnect()
  show(names, samples, rounds)
}

async function turnOf(contestant, path) {
  contestant.send(path)
  const [time] = await once(contestant, 'message')
  return time
}

/** Without the first quarter, which is the compilers'. */
function show(names, samples, rounds) {
  const warm = (name, path) =>
    samples
      .get(name)
      .get(path)
      .slice(rounds / 4)
  console.log(
    `Node ${process.version}, load ${loadavg()[0].toFixed(1)}; µs a request where nobody listens, and ratios to it`
  )
  for (const name of names) {
    const cells = work.map((path) => {
      const quiet = warm('quiet', path)
      if (name === 'quiet') return `${path} ${quantile(quiet, 0.5).toFixed(1)} µs`
      const ratios = warm(name, path).map((time, round) => time / quiet[round])
      return `${path} ${quantile(ratios, 0.5).toFixed(2)} ×`
    })
    console.log(name.padEnd(18), cells.join('  '))
  }
}
