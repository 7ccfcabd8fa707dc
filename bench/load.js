import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import autocannon from 'autocannon'

/** Linux counts CPU time in ticks of 10 ms (USER_HZ). */
const TICK_US = 10_000

/** Servers get a core of their own, away from the load generator's. */
const SERVER_CORE = '0'
const LOAD_CORES = cpus().length > 2 ? `1-${cpus().length - 1}` : '1'

export function pinLoad() {
  spawn('taskset', ['-cp', LOAD_CORES, String(process.pid)])
}

/** Starts a contestant and signs a visitor in: the cookies that it gives are sent with every later request. */
export async function startServer(command, args, { foreignCookies = 0 } = {}) {
  const isNode = command === process.execPath
  const child = spawn('taskset', ['-c', SERVER_CORE, command, ...args], {
    stdio: ['ignore', isNode ? 'inherit' : 'pipe', 'inherit', ...(isNode ? ['ipc'] : [])]
  })
  const port = isNode ? (await once(child, 'message'))[0].port : Number(String((await once(child.stdout, 'data'))[0]))
  const url = `http://127.0.0.1:${port}`
  const response = await fetch(`${url}/start`)
  if (!response.ok) throw new Error(`${args[0]}: ${response.status} ${await response.text()}`)
  const own = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  const foreign = Array.from({ length: foreignCookies }, (_, index) => `foreign_${index}=${'v'.repeat(20)}`)
  return { url, pid: child.pid, cookie: [...foreign, ...own].join('; '), stop: () => child.kill('SIGKILL') }
}

/** CPU µs per request of the server process, requests per second and the 99th percentile of latency in ms. */
export async function measure({ url, pid, cookie }, path, { seconds, connections = 16, header = cookie }) {
  const before = cpuTime(pid)
  const result = await autocannon({
    url: url + path,
    connections,
    duration: seconds,
    headers: header ? { cookie: header } : {}
  })
  const cpu = cpuTime(pid) - before
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}${path}: ${result.non2xx} answers were not 200`)
  return { cpu: cpu / result['2xx'], rps: result['2xx'] / result.duration, p99: result.latency.p99 }
}

function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
