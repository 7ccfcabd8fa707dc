import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import t from 'tap'
import { hasRoutes, prepareSerializer, refuseOtherSessions } from '../../lib/app/host-app.js'
import { tellLimits } from '../../lib/app/store-limits.js'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { exactly } from '../exactly.js'

/** What an app, and each scope of it, is asked to register. */
function registering(decorators: readonly string[]) {
  const asked: unknown[] = []
  const app = {
    hasDecorator: (name: string) => decorators.includes(name),
    register: async (given: unknown, options?: object) => {
      asked.push(given === fastifyCookie ? ['@fastify/cookie', options] : 'a scope')
      if (given !== fastifyCookie) await (given as (scope: unknown) => Promise<void>)(app)
    }
  }
  return { app: app as unknown as FastifyInstance, asked }
}

t.test('cookies are serialised by what the app has, or in a scope of its own that reads no cookies', async (t) => {
  for (const [decorators, asked] of [
    [['serializeCookie'], []],
    [[''], ['a scope', ['@fastify/cookie', { hook: false }]]],
    [[], ['a scope', ['@fastify/cookie', { hook: false }]]]
  ] as const) {
    const registered = registering(decorators)
    await prepareSerializer(registered.app)
    t.strictSame(registered.asked, asked)
  }
  const app = Fastify()
  await prepareSerializer(app)
  t.equal(app.hasDecorator('serializeCookie'), false, 'the app itself gets nothing')
})

t.test('an app has one plugin for sessions', async (t) => {
  t.doesNotThrow(() => refuseOtherSessions(Fastify()))
  t.throws(() => refuseOtherSessions(Fastify().decorate('sessions', {} as never)), {
    code: 'FST_SESSIONS_CONFIG',
    message: exactly('fastify-sessions is registered already: once is enough')
  })
  t.throws(() => refuseOtherSessions(Fastify().decorateRequest('session', null as never)), {
    code: 'FST_SESSIONS_CONFIG',
    message: exactly('request.session is taken by another session plugin: an app can have one of them')
  })
})

t.test('routes from before the plugin are noticed', async (t) => {
  t.equal(hasRoutes(Fastify()), false)
  const app = Fastify()
  app.get('/', () => '')
  t.equal(hasRoutes(app), true)
})

t.test(
  'what a store can not promise is a line of the log, and without a logger a warning of the process',
  async (t) => {
    const lines: unknown[] = []
    const warnings: unknown[] = []
    const { emitWarning } = process
    process.emitWarning = (...warning: unknown[]) => void warnings.push(warning)
    t.teardown(() => {
      process.emitWarning = emitWarning
    })
    const told = (name: string, capabilities: unknown, logger: object) => {
      const stores = new Map([[name, Object.assign(memoryStore(), { capabilities }) as RecordStore]])
      tellLimits(stores, logger as FastifyBaseLogger)
      return [lines.splice(0), warnings.splice(0)]
    }
    const warn = (...line: unknown[]) => void lines.push(line)
    const logger = { warn, fatal: () => {} }
    const usual = 'requests to several processes can overwrite one another'
    t.same(told('sound', undefined, logger), [[], []])
    t.strictSame(told('one', {}, logger), [[[{ store: 'one' }, `session store "one": ${usual}`]], []])
    t.strictSame(told('two', { note: 'it forgets' }, logger), [
      [[{ store: 'two' }, 'session store "two": it forgets']],
      []
    ])
    const code = 'FST_SESSIONS_STORE_LIMITS'
    const unique = `three ${process.hrtime.bigint()}` // it is told once by each process
    const line = `session store "${unique}": it forgets`
    t.strictSame(told(unique, { note: 'it forgets' }, { warn, fatal: warn }), [
      [[{ store: unique }, line]],
      [[line, { code }]]
    ])
  }
)
