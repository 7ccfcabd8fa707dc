import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import secureSession from '@fastify/secure-session'
import Fastify from 'fastify'
import { CookieJar } from '../../lib/testing/cookie-jar.js'
import { temporaryDirectory } from '../servers/process.js'

const AT = new URL('https://shop.example/')
const OLD_KEY = Buffer.alloc(32, 7)

/** The files of the visited app. */
export const APP = { 'app.js': 'app.js', 'options.js': 'options.js', 'routes.js': 'routes.js' } as const

/** How to start a project's app: the program and its arguments. */
export interface Start {
  readonly cwd: string
  readonly command: readonly [string, ...string[]]
  readonly redis: string
}

/**
 * Starts the app, signs in, fills a cart and picks a theme, on three stores. Then it starts the app again, and finds
 * all of that; signs out, which ends copied cookies too; and comes with a cookie of the plugin that the app used
 * before.
 */
export async function visit(start: Start): Promise<void> {
  const { path, remove } = await temporaryDirectory('visits')
  const launch = () => launched(start, path)
  try {
    const jar = new CookieJar()
    await using(await launch(), async (address) => {
      for (const url of ['/sign-in/ada', '/items/pen', '/dark']) await post(address, jar, url)
      assert.deepEqual(await seen(address, jar), { user: 'ada', items: ['pen'], theme: 'dark' })
    })
    await using(await launch(), async (address) => {
      assert.deepEqual(await seen(address, jar), { user: 'ada', items: ['pen'], theme: 'dark' })
      const copied = jar.copy()
      await post(address, jar, '/sign-out')
      assert.deepEqual(await seen(address, jar), { user: null, items: ['pen'], theme: 'dark' })
      assert.deepEqual(await seen(address, copied), { user: null, items: ['pen'], theme: 'dark' })
      assert.deepEqual(await seen(address, await jarOfOldApp('eve')), { user: 'eve', items: [], theme: 'light' })
    })
  } finally {
    await remove()
  }
}

interface Launched {
  readonly address: string
  stop(): Promise<void>
}

async function launched({ cwd, command: [program, ...args], redis }: Start, directory: string): Promise<Launched> {
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    NODE_ENV: 'production',
    SESSIONS: directory,
    REDIS_URL: redis,
    SESSION_KEY: 'a key of thirty-two bytes or more',
    OLD_KEY: OLD_KEY.toString('base64')
  }
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill()
    await exited
  }
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`
    if (line.startsWith('http://')) return { address: line, stop }
  }
  throw new Error(`the app ended before it listened: ${said}`)
}

async function using({ address, stop }: Launched, work: (address: string) => Promise<void>): Promise<void> {
  try {
    await work(address)
  } finally {
    await stop()
  }
}

async function post(address: string, jar: CookieJar, url: string): Promise<void> {
  assert.equal((await ask(address, jar, url, 'POST')).status, 200)
}

async function seen(address: string, jar: CookieJar): Promise<unknown> {
  return (await ask(address, jar, '/', 'GET')).json()
}

async function ask(address: string, jar: CookieJar, url: string, method: string): Promise<Response> {
  const response = await fetch(address + url, { method, headers: { cookie: jar.header(AT) ?? '' } })
  for (const line of response.headers.getSetCookie()) jar.set(line, AT)
  return response
}

/** Returns the cookies of a browser that signed in before the app moved. */
async function jarOfOldApp(user: string): Promise<CookieJar> {
  const app = Fastify()
  await app.register(secureSession, { key: OLD_KEY, cookie: { path: '/' } })
  app.get('/', async (request) => {
    ;(request.session as unknown as Map<string, unknown>).set('user', user)
  })
  const { headers } = await app.inject('/')
  await app.close()
  const jar = new CookieJar()
  jar.set(String(headers['set-cookie']), AT)
  return jar
}
