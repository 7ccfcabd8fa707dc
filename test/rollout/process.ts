/**
 * One version of an app as a process of its own: `version1`, `version2` or `version2-down`, with the sessions of a
 * directory. It sends its address to its parent.
 */
import Fastify from 'fastify'
import { z } from 'zod'
import sessions, { fileStore } from '../../lib/index.js'
import type { Definition } from '../../types/options.js'
import { KEY } from '../client.js'

const [which = '', directory = ''] = process.argv.slice(2)

const up = (payload: unknown) => {
  const { name, ...rest } = payload as { name: string }
  const [first, last] = name.split(' ')
  return { first, last, ...rest }
}
const down = (payload: unknown) => {
  const { first, last, ...rest } = payload as { first: string; last: string }
  return { name: `${first} ${last}`, ...rest }
}

const visits = z.number().default(0)
const newSchema = z.object({ first: z.string(), last: z.string(), visits })
const definitions: Record<string, Definition> = {
  version1: { schema: z.object({ name: z.string(), visits }) },
  version2: { version: 2, schema: newSchema, migrate: { 1: up } },
  'version2-down': { version: 2, schema: newSchema, migrate: { 1: { up, down } } }
}

const NAMES = ['account', 'copy'] as const
const flash = { notice: z.string() }
const definition = { ...(definitions[which] as Definition), flash, cookie: { secure: false } }
const app = Fastify()
await app.register(sessions, {
  keys: [KEY],
  stores: { file: fileStore({ directory }) },
  sessions: { account: { ...definition, store: 'file' }, copy: definition }
})

app.get('/sign-in', async (request) => {
  for (const name of NAMES) {
    const session = request.session(name).regenerate()
    if (which === 'version1') session.set('name', 'Ada Lovelace')
    else session.set('first', 'Ada').set('last', 'Lovelace')
  }
  request.session('account').identify('ada')
})
app.get('/visit', async (request) => {
  for (const name of NAMES) request.session(name).update('visits', (count) => Number(count) + 1)
})
app.get('/note', async (request) => {
  for (const name of NAMES) request.session(name).flash('notice', `from ${which}`)
})
app.get('/notes', async (request) => NAMES.map((name) => request.session(name).flashes('notice')))
app.get('/sign-out', async (request) => {
  for (const name of NAMES) request.session(name).destroy()
})
app.get('/', async (request) =>
  NAMES.map((name) => {
    const { data, problem } = request.session(name)
    return problem === undefined ? data : { problem }
  })
)

await app.listen({ port: 0, host: '127.0.0.1' })
process.send?.(app.server.address())
process.once('disconnect', () => app.close())
