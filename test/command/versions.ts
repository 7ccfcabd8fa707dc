import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { z } from 'zod'
import type { Definition, RecordStore } from '../../lib/index.js'
import { buildApp, Client, KEY } from '../client.js'

/**
 * The options module of an app at version 2. Environment variables determine what the store does when the command
 * writes: the command is interrupted, the store fails, or a live app writes first.
 */
export const MODULE = `import { around, engine } from './engine.mjs'
import { z } from 'zod'

const { INTERRUPT_AT, FAIL_AT, LIVE, WITHOUT, APP } = process.env
let writes = 0
const changed = around({
  ...(WITHOUT === 'list' && { list: undefined }),
  async update(id, ...all) {
    writes++
    if (writes === Number(INTERRUPT_AT)) process.kill(process.pid, 'SIGINT')
    if (writes >= Number(FAIL_AT)) throw new Error('the disk is full')
    if (LIVE) await fetch(LIVE + '/race/' + id)
    return engine.update(id, ...all)
  }
})
const store = INTERRUPT_AT || FAIL_AT || LIVE || WITHOUT ? changed : engine

export const options = {
  keys: ['${KEY}'],
  app: APP,
  stores: { records: store },
  sessions: {
    login: {
      store: 'records',
      version: 2,
      schema: z.object({ first: z.string(), last: z.string(), n: z.number().default(0) }),
      migrate: { 1: {
        up: ({ name, ...rest }) => ({ ...rest, first: name.split(' ')[0], last: name.split(' ')[1] }),
        down: process.env.NO_DOWN ? undefined : ({ first, last, ...rest }) => ({ ...rest, name: first + ' ' + last })
      } }
    },
    prefs: { version: 2, schema: z.object({ theme: z.string().optional() }) }
  }
}
`

/** The session's definition in version 1 of that app. */
export const FIRST: Definition = { store: 'records', schema: z.object({ name: z.string(), n: z.number().default(0) }) }

/** The session's definition in version 2. */
export const SECOND: Definition = {
  store: 'records',
  version: 2,
  schema: z.object({ first: z.string(), last: z.string(), n: z.number().default(0) }),
  migrate: {
    1: {
      up: (payload) => {
        const { name, ...rest } = payload as { name: string }
        return { ...rest, first: name.split(' ')[0], last: name.split(' ')[1] }
      },
      down: (payload) => {
        const { first, last, ...rest } = payload as { first: string; last: string }
        return { ...rest, name: `${first} ${last}` }
      }
    }
  }
}

/**
 * Makes an app that runs one of the versions on a store. If the command is told its address, the app writes before the
 * command does.
 */
export async function live(t: Test, store: RecordStore, login: Definition): Promise<FastifyInstance> {
  const app = await buildApp(t, { stores: { records: store }, sessions: { login } })
  app.get('/in/:name', async (request) => {
    const { name } = request.params as { name: string }
    return request.session('login').identify(name).set('name', name).id
  })
  app.get('/begin', async (request) => {
    request.session('login').set('name', 'Ann Lee')
  })
  app.get('/add', async (request) => {
    request.session('login').update('n', (n) => (n as number) + 1)
  })
  app.get('/data', async (request) => request.session('login').data)
  return app
}

export interface Visitor {
  readonly id: string
  readonly client: Client
}

/** Signs a visitor in to an app of version 1. */
export async function visitor(app: FastifyInstance, name: string): Promise<Visitor> {
  const client = new Client(app)
  const { body: id } = await client.get(`/in/${encodeURIComponent(name)}`)
  return { id, client }
}

/** Resolves to the address of the app. */
export async function addressOf(app: FastifyInstance): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

/** Resolves to all records of a store, by id. */
export async function recordsOf(store: RecordStore) {
  const found = new Map<string, { readonly text: string; readonly expires: number }>()
  let after: string | undefined
  do {
    const page = await store.list?.({ limit: 1000, after })
    for (const { id, text, expires } of page?.records ?? []) found.set(id, { text, expires })
    after = page?.next
  } while (after !== undefined)
  return found
}

/** Resolves to the schema version of each record of a session. */
export async function versionsOf(store: RecordStore): Promise<readonly number[]> {
  const records = [...(await recordsOf(store)).values()].map(({ text }) => JSON.parse(text))
  return records.filter(({ c }) => c !== undefined).map(({ v = 1 }) => v)
}
