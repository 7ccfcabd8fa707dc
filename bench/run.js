/**
 * Measures all contestants side by side and writes results/node<major>.requests.json.
 *
 *     node run.js [--rounds 5] [--seconds 1] [--only floor,ownCookie] [--quick]
 *
 * A bare Fastify gets each contestant's own cookies right before or after the contestant does, so that neither Node's
 * parsing of a long header nor a machine that grows slower is counted as the session's cost.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { contestants } from './contestants.js'
import { startEngines } from './engines.js'
import { measure, median, pinLoad, quantile, requireSessions, startGo, startNode } from './load.js'
import { isQuick, writeResults } from './results.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: isQuick ? '1' : '5' },
    seconds: { type: 'string', default: isQuick ? '0.3' : '1' },
    only: { type: 'string' },
    quick: { type: 'boolean' }
  }
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
/** How long each route of a fresh process is loaded before any is measured, in `seconds`: compilers take two of them. */
const WARM_UP = 1
const routes = ['/none', '/read', '/write']
const only = values.only?.split(',')
const unknown = only?.filter((name) => contestants[name] === undefined) ?? []
if (unknown.length > 0) throw new Error(`no contestant ${unknown}; there are ${Object.keys(contestants)}`)

// So that what is to be done at the exit is done.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
process.chdir(import.meta.dirname)
pinLoad()
const stopEngines = await startEngines()
const scratch = mkdtempSync(join(tmpdir(), 'fastify-sessions-bench-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
// Where the contestants make their directories.
process.env.TMPDIR = scratch
const go = buildGo()
const skipped = {}
const headers = {}
const samples = {}
for (let round = 1; round <= rounds; round++) await measureRound(round)
await stopEngines()

const rows = Object.entries(samples).map(([name, byRoute]) => ({
  name,
  is: contestants[name].is,
  header: headers[name],
  routes: Object.fromEntries(Object.entries(byRoute).map(([route, list]) => [route, summary(list)]))
}))
writeResults('requests', { rounds, seconds, skipped, rows })
for (const { name, header, routes: measured } of rows) {
  const cells = routes.map((route) => `${measured[route].above.toFixed(1)} (${measured[route].cpu.toFixed(1)})`)
  console.log(name.padEnd(22), String(header).padStart(6), cells.map((cell) => cell.padStart(18)).join(''))
}

/**
 * Each round has processes of its own, since two of the same program differ by a µs or more, as their memory and their
 * compiled code happen to lie. One contestant at a time lives beside the bare one, since one that waits among others
 * finds the processor's caches cold.
 */
async function measureRound(round) {
  const bare = await startNode('bare')
  await warmUp(bare, bare.cookies)
  for (const name of Object.keys(contestants)) {
    if (skipped[name] !== undefined || only?.includes(name) === false) continue
    const server = await startOrSkip(name)
    if (server === undefined) continue
    try {
      await measureBeside(bare, name, server, round % 2 === 0)
    } catch (cause) {
      throw new Error(`${name} failed`, { cause })
    }
    await server.stop()
  }
  await bare.stop()
  process.stderr.write(`round ${round} of ${rounds}\n`)
}

async function startOrSkip(name) {
  try {
    return await start(contestants[name], name)
  } catch (error) {
    skipped[name] = error.message
    process.stderr.write(`skipped ${name}: ${error.message}\n`)
  }
}

async function measureBeside(bare, name, server, bareFirst) {
  await requireSessions(server)
  await warmUp(server, server.cookies)
  headers[name] = server.header
  for (const route of routes) add(name, route, await pair(bare, server, route, bareFirst))
  await requireSessions(server)
}

async function warmUp(server, cookies) {
  for (const route of routes) await measure(server, route, { seconds: seconds * WARM_UP, cookies })
}

function start({ as, needs, go: store, foreignCookies, visitors }, name) {
  if (needs && !process.env[needs]) throw new Error(`${needs} is not set: no such server was started`)
  if (store && go === undefined) throw new Error('go, or golang-github-gorilla-sessions-dev, is not installed')
  return store ? startGo(go, store, { visitors }) : startNode(as ?? name, { foreignCookies, visitors })
}

async function pair(bare, server, route, bareFirst) {
  const { cookies } = server
  const measureBare = () => measure(bare, route, { seconds, cookies })
  const before = bareFirst ? await measureBare() : undefined
  const sample = await measure(server, route, { seconds, cookies })
  const beside = before ?? (await measureBare())
  return { ...sample, above: sample.cpu - beside.cpu, bare: beside.cpu }
}

function add(name, route, sample) {
  samples[name] ??= {}
  samples[name][route] ??= []
  samples[name][route].push(sample)
}

function summary(list) {
  const of = (key) => list.map((sample) => sample[key])
  return {
    cpu: median(of('cpu')),
    above: median(of('above')),
    /** Half of the rounds lie between these. */
    spread: [quantile(of('above'), 0.25), quantile(of('above'), 0.75)],
    bare: median(of('bare')),
    rps: median(of('rps')),
    p99: median(of('p99')),
    /** Round by round, for ratios. */
    rounds: { cpu: of('cpu'), above: of('above') },
    answered: of('answered').reduce((sum, count) => sum + count, 0)
  }
}

function buildGo() {
  const binary = join(scratch, 'go-server')
  try {
    execFileSync('go', ['build', '-o', binary, 'main.go'], {
      cwd: 'go',
      env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(scratch, 'go-cache') }
    })
    return binary
  } catch {
    return undefined
  }
}
