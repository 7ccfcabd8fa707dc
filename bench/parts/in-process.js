/**
 * `node bench/parts/in-process.js [visitors] [rounds]`: what a session costs above a bare Fastify, in µs of processor time,
 * with requests that are made within the process, without a network. For a machine that is busy with other things, where
 * server and load generator wait for each other: all take turns of some milliseconds, and each ratio is one round's.
 */
import { loadavg } from 'node:os'
import { bare, fastifySessionMemory, floor, ownCookie, ownMemory, secureSession } from '../contestants/fastify.js'
import { quantile } from '../load.js'
import { request } from './routing.js'

const [visitors, rounds] = [Number(process.argv[2] ?? 512), Number(process.argv[3] ?? 400)]
const turn = 128
const make = { floor, ownCookie, secureSession, ownMemory, fastifySessionMemory }
const names = Object.keys(make)
const routes = ['/read', '/write']
const without = await bare()
await without.ready()
const contestants = await Promise.all(names.map(signedIn))
const samples = Object.fromEntries(names.map((name) => [name, { '/read': [], '/write': [] }]))
for (let round = 0; round < rounds; round++) {
  for (const route of routes) for (const contestant of contestants) await compare(contestant, route)
}
console.log(`Node ${process.version}, ${visitors} visitors, load ${loadavg()[0].toFixed(1)}`)
for (const name of names) {
  console.log(
    name.padEnd(22),
    routes.map((route) => `${route} ${quantile(warm(name, route), 0.25).toFixed(1)}`).join('  ')
  )
}
show('ownCookie', 'floor')
show('ownCookie', 'secureSession')
show('ownMemory', 'fastifySessionMemory')
process.exit()

async function signedIn(name) {
  const app = await make[name]()
  await app.ready()
  const contestant = { name, app, cookies: Array(visitors).fill(''), at: 0 }
  for (let visitor = 0; visitor < visitors; visitor++) await ask(contestant, '/start', visitor)
  return contestant
}

async function compare(contestant, route) {
  const beside = await timed({ app: without, cookies: [...contestant.cookies], at: contestant.at }, route)
  samples[contestant.name][route].push((await timed(contestant, route)) - beside)
}

async function timed(contestant, route) {
  await new Promise(setImmediate)
  const before = process.cpuUsage()
  for (let times = 0; times < turn; times++) {
    contestant.at = (contestant.at + 1) % visitors
    await ask(contestant, route, contestant.at)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / turn
}

async function ask({ app, cookies }, route, visitor) {
  const set = await request(app, route, cookies[visitor])
  if (set !== undefined) cookies[visitor] = set
}

/** Compilers take the first 50 rounds, on Node 24 more than on Node 20. */
function warm(name, route) {
  return samples[name][route].slice(rounds / 4)
}

function show(own, peer) {
  const cells = routes.map((route) => {
    const others = warm(peer, route)
    const ratios = warm(own, route).map((above, round) => Math.max(0, above) / Math.max(0.1, others[round]))
    return `${route} ${quantile(ratios, 0.5).toFixed(2)} ×`
  })
  console.log(`${own} against ${peer}: ${cells.join(', ')}`)
}
