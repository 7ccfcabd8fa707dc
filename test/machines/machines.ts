import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { roundRobin } from './proxy.js'

export interface Machines {
  /** Asks whichever machine has its turn; answers what a browser would see, and the cookie that it then has. */
  ask(path: string, cookie?: string): Promise<Answer>
  /** Ends one of the machines as a loss of power would. */
  lose(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** The new cookie, if there was one. */
  readonly cookie: string | undefined
}

const appPath = new URL('app.js', import.meta.url).pathname

/** Four processes of one app, behind a proxy that gives each request to the next. */
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

/** What was there of an answer whose machine was lost in the midst of it. */
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
