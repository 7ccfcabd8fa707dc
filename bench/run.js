/**
 * Measures all contestants side by side, in interleaved rounds, and writes results/node<major>.json.
 *
 *     node run.js [--rounds 5] [--seconds 2] [--only floor,ownCookie]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measure, median, pinLoad, startServer } from './load.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' }
  }
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
const routes = ['/none', '/read', '/write']

const contestants = {
  bare: {},
  floor: {},
  ownCookie: {},
  ownCookie2: {},
  ownCookie4: {},
  ownUnchecked: {},
  ownForeign: { as: 'ownCookie', foreignCookies: 40 },
  ownMemory: {},
  ownFile: {},
  ownSqlite: {},
  ownRedis: { needs: 'REDIS_URL' },
  ownPostgres: { needs: 'POSTGRES_URL' },
  secureSession: {},
  fastifySessionMemory: {},
  fastifySessionRedis: { needs: 'REDIS_URL' },
  ironSession: {},
  cookieSession: {},
  expressSessionMemory: {},
  expressSessionFile: {},
  expressSessionRedis: { needs: 'REDIS_URL' },
  goCookie: { go: 'cookie' },
  goFile: { go: 'file' }
}

pinLoad()
const go = buildGo()
const servers = {}
const skipped = {}
for (const [name, { as = name, needs, go: store, ...options }] of Object.entries(contestants)) {
  if (values.only && !['bare', ...values.only.split(',')].includes(name)) continue
  if (needs && !process.env[needs]) skipped[name] = `${needs} is not set`
  else if (store && !go) skipped[name] = 'go is not installed'
  else if (store) servers[name] = await startServer(go, [store])
  else servers[name] = await startServer(process.execPath, ['server.js', as], options)
}

const samples = {}
for (let round = 0; round <= rounds; round++) {
  for (const route of routes) {
    for (const [name, server] of Object.entries(servers)) {
      // A bare server answers each contestant's own header, so that parsing it is not counted as the session's cost.
      const sample = await measure(server, route, { seconds: round === 0 ? 1 : seconds })
      if (round > 0) add(name, route, sample)
      if (name === 'bare') {
        const long = 'session='.padEnd(1000, 'x')
        const other = await measure(server, route, { seconds: round === 0 ? 1 : seconds, header: long })
        if (round > 0) add('bareLong', route, other)
      }
    }
  }
  process.stderr.write(`round ${round} of ${rounds}\n`)
}
for (const { stop } of Object.values(servers)) stop()

const rows = Object.entries(samples).map(([name, byRoute]) => {
  const header = servers[name]?.cookie.length ?? 1000
  const baseline = header > 500 ? 'bareLong' : 'bare'
  return {
    name,
    header,
    routes: Object.fromEntries(
      Object.entries(byRoute).map(([route, list]) => [
        route,
        {
          cpu: median(list.map(({ cpu }) => cpu)),
          // Pair by pair within a round: the machine's speed drifts from round to round.
          above: median(list.map(({ cpu }, round) => cpu - samples[baseline][route][round].cpu)),
          rps: median(list.map(({ rps }) => rps)),
          p99: median(list.map(({ p99 }) => p99))
        }
      ])
    )
  }
})
mkdirSync('results', { recursive: true })
const file = `results/node${process.versions.node.split('.')[0]}.json`
const machine = `${cpus()[0]?.model}, ${cpus().length} cores`
writeFileSync(
  file,
  `${JSON.stringify({ date: new Date().toISOString(), node: process.version, machine, rounds, seconds, skipped, rows }, null, 1)}\n`
)
for (const { name, header, routes: measured } of rows) {
  const cells = routes.map((route) =>
    `${measured[route].above.toFixed(1)} (${measured[route].cpu.toFixed(1)})`.padStart(16)
  )
  console.log(name.padEnd(22), String(header).padStart(6), cells.join(''))
}

function add(name, route, sample) {
  samples[name] ??= {}
  samples[name][route] ??= []
  samples[name][route].push(sample)
}

function buildGo() {
  const binary = join(tmpdir(), 'fastify-sessions-bench-go')
  try {
    execFileSync('go', ['build', '-o', binary, 'main.go'], {
      cwd: 'go',
      env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(tmpdir(), 'go-cache') }
    })
    return binary
  } catch {
    return undefined
  }
}
