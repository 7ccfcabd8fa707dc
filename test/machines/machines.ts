import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { roundRobin } from './proxy.js'

export interface Machines {
  /**
   * Sends a request to the machine whose turn it is. Resolves to the response, and to the cookie that a browser then
   * has.
   */
  ask(path: string, cookie?: string): Promise<Answer>
  /** Kills one of the machines, like a power failure. */
  lose(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** The cookie that the response sets, if any. */
  readonly cookie: string | undefined
}

const appPath = new URL('app.js', import.meta.url).pathname

/** Starts four processes of one app, behind a proxy that passes each request to the next one. */
export async function fourMachines(t: Test, engine: string, urls: readonly string[]): Promise<Machines> {
  const children = Array.from({ length: 4 }, () => fork(appPath, [engine, ...urls], { execArgv: [] }))
  t.teardown(() => Promise.all(children.map(end)))
  const ports = await Promise.all(children.map(async (child) => (await once(child, 'message'))[0] as number))
  const proxy = await roundRobin(ports)
  t.teardown(() => proxy.close())
  return {
    ask: (path, cookie) => ask(proxy.url + path, cookie).catch(() => cutShort),
    lose: () => end(children[0] as ChildProcess)
  }
}

async function ask(url: string, cookie: string | undefined): Promise<Answer> {
  const response = await fetch(url, { headers: cookie ? { cookie } : {} })
  return { status: response.status, text: await response.text(), cookie: cookieIn(response) }
}

/** The answer if its machine was killed in the middle of it. */
const cutShort: Answer = { status: 0, text: '', cookie: undefined }

function cookieIn(response: Response): string | undefined {
  const [set] = response.headers.getSetCookie()
  const cookie = set?.split(';')[0]
  return cookie?.endsWith('=') ? undefined : cookie
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
