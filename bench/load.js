import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import autocannon from 'autocannon'
import { cart } from './cart.js'

/** Each has visitors of its own, in turn: nobody waits for another's write. */
const CONNECTIONS = 16

/** More than this plugin remembers. */
const VISITORS = 512

/** Servers get a core of their own, away from the load generator's and the engines'. */
const SERVER_CORE = '0'
const cores = availableParallelism()
const OTHER_CORES = cores > 2 ? `1-${cores - 1}` : '1'

/** Moves this process, with all its threads and whatever it starts later, off the servers' core. */
export function pinLoad() {
  if (cores > 1) execFileSync('taskset', ['-acp', OTHER_CORES, String(process.pid)], { stdio: 'ignore' })
}

/** Starts `server.js NAME` and signs the visitors in. */
export async function startNode(name, { foreignCookies = 0, visitors = VISITORS } = {}) {
  const args = ['-c', SERVER_CORE, process.execPath, 'server.js', name]
  const child = spawn('taskset', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ask = async (message) => {
    const answer = once(child, 'message')
    if (message) child.send(message)
    return (await answer)[0]
  }
  const { port, failed } = await ask()
  if (failed !== undefined) {
    child.kill()
    throw new Error(failed)
  }
  const cpuTime = async () => (await ask('cpu')).cpu
  const stop = async () => {
    child.send('stop')
    await once(child, 'exit')
  }
  return withVisitors({ url: `http://127.0.0.1:${port}`, cpuTime, stop }, foreignCookies, visitors)
}

/** Starts the Go server with `store`; it prints its port, and its CPU time for every line that it gets. */
export async function startGo(binary, store, { visitors = VISITORS } = {}) {
  const child = spawn('taskset', ['-c', SERVER_CORE, binary, store], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextNumber = async () => Number((await lines.next()).value)
  const url = `http://127.0.0.1:${await nextNumber()}`
  const cpuTime = () => {
    child.stdin.write('cpu\n')
    return nextNumber()
  }
  const stop = async () => {
    child.kill()
    await once(child, 'exit')
  }
  return withVisitors({ url, cpuTime, stop }, 0, visitors)
}

async function withVisitors(server, foreignCookies, visitors) {
  const foreign = Array.from({ length: foreignCookies }, (_, index) => `foreign_${index}=${'v'.repeat(20)}`)
  const cookies = []
  for (let visitor = 0; visitor < visitors; visitor++) {
    const own = (await get(server, '/start', '')).cookie
    cookies.push([...foreign, ...own].join('; '))
  }
  return { ...server, cookies, header: cookies[0].length }
}

/** Throws unless the session is kept: what was put in is read, and each write counts one on. */
export async function requireSessions(server, { keeps = true } = {}) {
  let cookie = server.cookies[0]
  const { text: user } = await get(server, '/read', cookie)
  if (user !== cart.user) throw new Error(`/read gave ${user}, not ${cart.user}`)
  if (!keeps) return
  const counts = []
  for (let times = 0; times < 3; times++) {
    const answer = await get(server, '/write', cookie)
    counts.push(Number(answer.text))
    cookie = replaced(cookie, answer.cookie)
  }
  if (counts[1] !== counts[0] + 1 || counts[2] !== counts[0] + 2) throw new Error(`/write counted ${counts}`)
}

/** What a browser would send next. */
function replaced(header, cookies) {
  const byName = new Map([...header.split('; '), ...cookies].map((pair) => [pair.slice(0, pair.indexOf('=')), pair]))
  return [...byName.values()].join('; ')
}

async function get({ url }, path, cookie) {
  const response = await fetch(url + path, { headers: cookie ? { cookie } : {} })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`)
  return { text, cookie: response.headers.getSetCookie().map((line) => line.split(';')[0]) }
}

/** CPU µs per request of the server process, requests per second and the 99th percentile of latency in ms. */
export async function measure(server, path, { seconds, cookies }) {
  let connection = 0
  const before = await server.cpuTime()
  const stopSpinning = stayAwake()
  const result = await autocannon({
    url: server.url,
    connections: CONNECTIONS,
    duration: seconds,
    // In ms: where it looks whether it's time to stop.
    sampleInt: 50,
    setupClient: (client) => {
      const own = cookies.filter((_, visitor) => visitor % CONNECTIONS === connection)
      client.setRequests(own.map((cookie) => ({ path, headers: cookie ? { cookie } : {} })))
      connection++
      sendBackCookies(client, own)
    }
  })
  stopSpinning()
  const cpu = (await server.cpuTime()) - before
  const answered = result['1xx'] + result['2xx'] + result['3xx'] + result['4xx'] + result['5xx']
  if (result.errors > 0 || result.statusCodeStats[200]?.count !== answered) {
    throw new Error(
      `${path}: not all answers were 200: ${JSON.stringify(result.statusCodeStats)}, ${result.errors} errors`
    )
  }
  return { cpu: cpu / answered, rps: answered / result.duration, p99: result.latency.p99, answered }
}

export function median(values) {
  return quantile(values, 0.5)
}

/** Between the two nearest values, as far as it stands between them. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at % 1)
}

/**
 * Keeps this process from sleeping while it waits for answers. To wake it would be charged to the server, with 3 µs and
 * more on a virtual machine: one that is quick enough to keep it busy never pays that, a slower one with each answer.
 */
function stayAwake() {
  let isDone = false
  const spin = () => {
    if (!isDone) setImmediate(spin)
  }
  spin()
  return () => {
    isDone = true
  }
}

/** Each visitor of a connection, in turn, sends back what the answer to them set last, as a browser does. */
function sendBackCookies(client, cookies) {
  const latest = [...cookies]
  let visitor = 0
  client.on('headers', ({ headers }) => {
    const set = []
    for (let at = 0; at < headers.length; at += 2) {
      if (headers[at].toLowerCase() === 'set-cookie') set.push(headers[at + 1].split(';', 1)[0])
    }
    if (set.length === 0) return
    latest[visitor] = replaced(latest[visitor], set)
    client.setHeaders({ cookie: latest[visitor] })
  })
  client.on('response', () => {
    visitor = (visitor + 1) % latest.length
  })
}
