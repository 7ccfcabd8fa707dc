import type { FastifyInstance } from 'fastify'
import { memoryStore, type RecordStore, type SessionsOptions } from 'fastify-sessions'
import type { TestBrowser } from 'fastify-sessions/testing'
import { z } from 'zod'
import { demoSessions, newKey, sourceOf } from './demo.js'
import { addSignIn } from './people.js'
import type { Scene } from './scene.js'
import type { Stage } from './stage.js'
import type { Lane, Outcome } from './step.js'

type Payload = Record<string, unknown>
type OldPayload = Payload & { readonly device: string }
type NewPayload = Payload & { readonly device: { readonly browser: string; readonly system: string } }

function up({ device, ...rest }: OldPayload): Payload {
  const [browser, system] = device.split(' on ')
  return { ...rest, device: { browser, system } }
}

function down({ device, ...rest }: NewPayload): Payload {
  const { browser, system } = device
  const text = `${browser} on ${system}`
  return { ...rest, device: text }
}

export const deploy: Scene = {
  name: 'deploy',
  title: 'A deploy changes what sessions hold, and is rolled back',
  short: 'Deploy',
  situation:
    'The new release keeps a device as two fields instead of one text. It is deployed, changes a session, and has to go again. Later it comes back.',
  why: 'The new release carries what it meets forward by “up”, and stores beside its own form the older one, made by “down”, which the old release reads and changes as if nothing had happened. Nobody is signed out at any step.',
  lanes: { left: 'Old release', right: 'New release' },
  acts: [
    {
      given: 'Given: schema version 1 and 2 of a session, on one store.',
      handler: `${sourceOf(up)}\n\n${sourceOf(down)}`,
      play
    }
  ]
}

async function play(stage: Stage): Promise<Outcome> {
  const [store, key] = [memoryStore({ maxRecords: 100 }), newKey()]
  const first = await stage.app(demoSessions(stage, store, key), (app) => {
    addSignIn(app)
    addDevice(app, 'Firefox on Debian')
  })
  const second = await stage.app(nextSessions(stage, store, key), (app) => {
    addDevice(app, { browser: 'Chrome', system: 'Linux' })
  })
  const before = stage.browser(first)
  const after = stage.browser(second, before.jar)
  const answers: string[] = []
  const ask = async (lane: Lane, browser: TestBrowser, asked: string) => {
    answers.push((await stage.request(lane, browser, asked)).body)
  }
  await stage.request('left', before, 'POST /sign-in')
  stage.in('right', () => stage.tell({ text: 'is deployed' }))
  await ask('right', after, 'GET /device')
  await ask('right', after, 'POST /device')
  stage.in('right', () => stage.tell({ text: 'is rolled back' }))
  await ask('left', before, 'GET /device')
  await ask('left', before, 'POST /device')
  stage.in('right', () => stage.tell({ text: 'is deployed again' }))
  await ask('right', after, 'GET /device')
  const isGood = answers.join() === EXPECTED.join()
  return isGood
    ? { isGood, text: 'Both releases read what the other one wrote, and the last change is there.' }
    : { isGood, text: `Something is lost: ${answers.join(' → ')}.` }
}

const EXPECTED = [
  'browser Firefox, system Linux',
  'browser Chrome, system Linux',
  'Chrome on Linux',
  'Firefox on Debian',
  'browser Firefox, system Debian'
]

function nextSessions(stage: Stage, store: RecordStore, key: string): SessionsOptions {
  const options = demoSessions(stage, store, key)
  const { store: name, schema: former, idle } = options.sessions.login
  const schema = former.extend({ device: z.object({ browser: z.string(), system: z.string() }) })
  const migrate = { 1: { up: (v1: unknown) => up(v1 as OldPayload), down: (v2: unknown) => down(v2 as NewPayload) } }
  return { ...options, sessions: { login: { store: name, schema, idle, version: 2, migrate } } } as SessionsOptions
}

/** @param next what its POST sets, in the form of the app's version */
function addDevice(app: FastifyInstance, next: unknown): void {
  app.get('/device', async (request) => inWords(request.session('login').get('device')))
  app.post('/device', async (request) =>
    inWords(
      request
        .session('login')
        .set('device', next as string)
        .get('device')
    )
  )
}

function inWords(device: unknown): string {
  return `${JSON.stringify(device)}`.replace(/[{}"]/g, '').replaceAll(':', ' ').replaceAll(',', ', ')
}
