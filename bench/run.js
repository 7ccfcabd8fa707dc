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
import { contestants, groups } from './contestants.js'
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
const WARM_UP = 0.5
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
for (const [group, members] of Object.entries(groups)) {
  const names = Object.keys(members).filter((name) => only?.includes(name) ?? true)
  if (names.length > 0) await measureGroup(group, names)
}
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

async function measureGroup(group, names) {
  const bare = await startNode('bare')
  const servers = {}
  for (const name of names) {
    try {
      servers[name] = await start(contestants[name], name)
      headers[name] = servers[name].header
    } catch (error) {
      skipped[name] = error.message
      process.stderr.write(`skipped ${name}: ${error.message}\n`)
    }
  }
  const entries = Object.entries(servers)
  for (const [name, server] of entries) await requireSessionsOf(name, server)
  for (let round = 0; round <= rounds; round++) {
    for (const route of routes) {
      for (const [name, server] of entries) {
        const sample = await pair(bare, name, server, route, round % 2 === 0)
        // The first round is for the compilers to warm up.
        if (round > 0) add(name, route, sample)
      }
    }
    process.stderr.write(`${group}: round ${round} of ${rounds}\n`)
  }
  for (const [name, server] of entries) await requireSessionsOf(name, server)
  for (const { stop } of [bare, ...Object.values(servers)]) await stop()
}

function start({ as, needs, go: store, foreignCookies, visitors }, name) {
  if (needs && !process.env[needs]) throw new Error(`${needs} is not set: no such server was started`)
  if (store && go === undefined) throw new Error('go, or golang-github-gorilla-sessions-dev, is not installed')
  return store ? startGo(go, store, { visitors }) : startNode(as ?? name, { foreignCookies, visitors })
}

async function requireSessionsOf(name, server) {
  try {
    await requireSessions(server)
  } catch (cause) {
    throw new Error(`${name} does not keep its sessions`, { cause })
  }
}

async function pair(bare, name, server, route, bareFirst) {
  const measureBare = () => measureWarm(bare, route, server.cookies)
  try {
    const before = bareFirst ? await measureBare() : undefined
    const sample = await measureWarm(server, route, server.cookies)
    const beside = before ?? (await measureBare())
    return { ...sample, above: sample.cpu - beside.cpu, bare: beside.cpu }
  } catch (cause) {
    throw new Error(`${name} failed`, { cause })
  }
}

/** What waited for its turn has lost compiled code to the collector: its first half second would cost twice as much. */
async function measureWarm(server, route, cookies) {
  await measure(server, route, { seconds: seconds * WARM_UP, cookies })
  return measure(server, route, { seconds, cookies })
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
