import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { mock } from 'node:test'
import type { FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { events } from '../../lib/events/index.js'
import { until } from '../client.js'
import { Lab } from './lab.js'

async function listening(t: Test, server: FastifyServerOptions = {}) {
  const lab = await Lab.open(t, {}, server)
  await lab.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = lab.app.server.address() as AddressInfo
  return { lab, port }
}

async function feedAt(port: number, { path = '/feed', ...headers }: Record<string, string> = {}) {
  const asked = request({ port, host: '127.0.0.1', path: `/_sessions${path}`, headers }).end()
  const [feed] = (await once(asked, 'response')) as [IncomingMessage]
  return feed.setEncoding('utf8')
}

interface Message {
  readonly row: { readonly id: string; readonly route: string; readonly steps: { tone: string; session: string }[] }
  readonly place: string | undefined
}

/** Reads until something is there that is waited for. */
async function read(feed: Readable, isEnough: (sent: string) => boolean): Promise<readonly Message[]> {
  let sent = ''
  for await (const text of feed.iterator({ destroyOnReturn: false })) {
    sent += text
    if (sent.endsWith('\n\n') && isEnough(sent)) break
  }
  return [...sent.matchAll(/^data: (.*)\n(?:id: (.*)\n)?\n/gm)].map(([, data, place]) => ({
    row: JSON.parse(data as string),
    place
  }))
}

const routesOf = (messages: readonly Message[]) => messages.map(({ row }) => row.route)

t.test('what happens is sent to the pages that are open, until the app closes', async (t) => {
  const { lab, port } = await listening(t)
  const feed = await feedAt(port)
  t.equal(feed.headers['content-type'], 'text/event-stream; charset=utf-8')
  t.equal(feed.headers['cache-control'], 'no-store')
  await lab.client.get('/fill', { method: 'POST' })
  const [message] = await read(feed, (sent) => sent.includes('created'))
  t.equal(message?.row.route, '/fill')
  t.same(
    message?.row.steps.map(({ tone, session }) => [tone, session]),
    [
      ['read', 'cart'],
      ['write', 'cart']
    ]
  )
  const ended = once(feed.resume(), 'end')
  await lab.app.close()
  await ended
  t.equal(events.opened.hasSubscribers, false, 'nobody listens any more')
})

t.test('no more than twenty pages are fed at a time, and one that is closed makes room', async (t) => {
  const { lab, port } = await listening(t)
  const opened = await Promise.all(Array.from({ length: 20 }, () => feedAt(port)))
  t.ok(opened.every(({ statusCode }) => statusCode === 200))
  t.equal((await feedAt(port)).statusCode, 503)
  opened[0]?.destroy()
  let again = await feedAt(port)
  while (again.statusCode === 503) again = await feedAt(port)
  t.equal(again.statusCode, 200)
  await lab.app.close()
})

t.test('what happens between a page and its connection, or while it has none, is sent when it connects', async (t) => {
  const { lab, port } = await listening(t)
  await lab.client.get('/fill', { method: 'POST' })
  const place = /data-place="([^"]+)"/.exec(await lab.page('/requests'))?.[1] as string
  await lab.client.get('/cart')
  const path = `/feed?after=${place}`
  const first = await read(await feedAt(port, { path }), (sent) => sent.includes('/cart'))
  t.same(routesOf(first), ['/cart'], 'and nothing that the page has')
  const last = first.at(-1)?.place as string
  await lab.client.get('/prefs')
  await lab.client.get('/who')
  const second = await read(await feedAt(port, { path, 'last-event-id': last }), (sent) => sent.includes('/who'))
  t.same(
    routesOf(second),
    ['/prefs', '/who'],
    'of the place in the page, and the later one of the browser, the latter counts'
  )
})

t.test('after a restart a page is sent all that the new process did, in rows of their own', async (t) => {
  const [before, after] = [await listening(t), await listening(t)]
  for (const { lab } of [before, after]) await lab.client.get('/fill', { method: 'POST' })
  const [old] = await read(await feedAt(before.port), (sent) => sent.includes('created'))
  const headers = { 'last-event-id': old?.place as string }
  const [row] = await read(await feedAt(after.port, headers), (sent) => sent.includes('created'))
  t.equal(row?.row.route, '/fill')
  t.not(row?.row.id, old?.row.id)
})

t.test('a connection ends after ten minutes, so that the browser asks again whether it may', async (t) => {
  const { port } = await listening(t)
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.teardown(() => mock.timers.reset())
  const feed = await feedAt(port)
  let isEnded = false
  const ended = once(feed.resume(), 'end').then(() => {
    isEnded = true
  })
  mock.timers.tick(599_000)
  const beat = await feedAt(port, { path: '/inspector.css' })
  await once(beat.resume(), 'end')
  t.equal(isEnded, false)
  mock.timers.tick(1000)
  await ended
})

/** Rows as large as they get, and more of them than a connection holds. */
function flood(lab: Lab, count: number): void {
  const { sessions } = lab.app
  for (let i = 0; i < count; i++) {
    const routeOptions = { url: `/${'long'.repeat(5000)}`, config: {} }
    const asked = { method: 'GET', routeOptions }
    const told = { event: 'opened', at: Date.now(), sessions, store: 'memory', session: 'cart', request: asked }
    channel('fastify-sessions.opened').publish(told)
  }
}

async function floodFor(lab: Lab, turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) {
    flood(lab, 200)
    mock.timers.tick(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** What a row of the flood takes, and two hundred of them: the most that is sent at once. */
const MOST_AT_ONCE = 200 * 21_000

/** Each gives up its connection with its feed: of HTTP/2, Fastify itself waits for connections on which nothing is open. */
const readers: Readonly<Record<string, (port: number) => Promise<Readable>>> = {
  'HTTP/1.1': async (port) => feedAt(port),
  'HTTP/2': async (port) => {
    const session = connect(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
    const stream = session.request({ ':path': '/_sessions/feed', ':authority': 'localhost' })
    stream.on('error', () => {})
    stream.once('close', () => session.close())
    await once(stream, 'response')
    return stream.setEncoding('utf8')
  }
}

for (const [protocol, open] of Object.entries(readers)) {
  const server = (protocol === 'HTTP/2' ? { http2: true } : {}) as FastifyServerOptions

  t.test(
    `over ${protocol} a reader that takes nothing costs little memory, and has the rest once it reads`,
    async (t) => {
      const { lab, port } = await listening(t, server)
      let response: ServerResponse | undefined
      lab.app.server.on('request', (_: unknown, made: ServerResponse) => {
        response ??= made
      })
      mock.timers.enable({ apis: ['setTimeout'] })
      t.teardown(() => mock.timers.reset())
      const feed = await open(port)
      const held = () => response?.writableLength ?? 0
      for (let i = 0; i < 30; i++) {
        flood(lab, 200)
        mock.timers.tick(100)
        await new Promise((resolve) => setImmediate(resolve))
      }
      t.ok(held() > 0, 'it is behind')
      t.ok(held() < 2 * MOST_AT_ONCE, `${held()} bytes wait for it`)
      await lab.client.get('/fill', { method: 'POST' })
      mock.timers.tick(100)
      const messages = await read(feed, (sent) => sent.includes('/fill'))
      t.equal(messages.at(-1)?.row.route, '/fill')
    }
  )

  t.test(`over ${protocol} feeds end when the app closes, also where one is not read`, async (t) => {
    const { lab, port } = await listening(t, server)
    const responses: ServerResponse[] = []
    lab.app.server.on('request', (_: unknown, response: ServerResponse) => responses.push(response))
    mock.timers.enable({ apis: ['setTimeout'] })
    t.teardown(() => mock.timers.reset())
    const feeds = [(await open(port)).resume(), await open(port)]
    for (const feed of feeds) feed.on('error', () => {})
    await floodFor(lab, 10)
    mock.timers.reset()
    const closing = lab.app.close()
    await Promise.all(responses.map((response) => once(response, 'close')))
    for (const feed of feeds) feed.destroy()
    await closing
  })
}

t.test('whoever has gone before it is known whether they may read takes no place', async (t) => {
  const asked: (() => void)[] = []
  const authorize = () => new Promise<boolean>((resolve) => asked.push(() => resolve(true)))
  const lab = await Lab.open(t, { authorize })
  await lab.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = lab.app.server.address() as AddressInfo
  const closed = new Set<ServerResponse>()
  lab.app.server.on('request', (_, response) => response.on('close', () => closed.add(response)))
  for (let i = 0; i < 20; i++) {
    const gone = request({ port, host: '127.0.0.1', path: '/_sessions/feed' }).end()
    gone.on('error', () => {})
    await until(() => asked.length > i)
    gone.destroy()
    await until(() => closed.size > i)
  }
  for (const letIn of asked) letIn()
  const feed = feedAt(port)
  await until(() => asked.length > 20)
  asked[20]?.()
  t.equal((await feed).statusCode, 200)
})
