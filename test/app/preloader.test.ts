import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { Preloader } from '../../lib/app/preloader.js'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import type { Registry } from '../../lib/definition/registry.js'
import type { RouteSessions } from '../../lib/definition/route-sessions.js'
import type { ClearMarker } from '../../lib/records/clear-marker.js'
import type { RequestSessions } from '../../lib/request/request-sessions.js'

type Given = Partial<Record<'store' | 'isManual' | 'isRolling', unknown>> & { readonly arrives?: string }

/** A session whose cookie has its name; those that arrive are also in the header of another name. */
function session(name: string, { arrives, ...given }: Given = {}): ResolvedDefinition {
  const from = arrives && { isIn: (header: string) => header.includes(arrives) }
  const cookie = { isIn: (header: string) => header.includes(name) }
  return { name, cookie, from, store: undefined, isManual: false, isRolling: false, ...given } as never
}

const inStore = { store: {} }
const all = [
  session('prefs'),
  session('login', inStore),
  session('cart', { ...inStore, isRolling: true }),
  session('wizard', { ...inStore, isManual: true }),
  session('taken', { arrives: 'former' }),
  session('notes', { isRolling: true })
]

interface Settings {
  readonly load?: readonly string[] | false
  /** Whether the time of the last clearing has to be asked for, and what comes of it. */
  readonly marker?: 'stored' | 'due' | 'failing'
}

/** What is asked of a request's sessions, by the names of the sessions. */
function preloading(definitions: readonly ResolvedDefinition[], { load, marker }: Settings = {}) {
  const asked: unknown[] = []
  const asking = (what: string) => (given: readonly ResolvedDefinition[], error?: Error) => {
    asked.push([what, ...given.map(({ name }) => name), ...(error ? [error.message] : [])])
    return what
  }
  const sessions = { preload: asking('preload'), useAll: asking('use'), fail: asking('fail') }
  const routes = {
    loadedFor: () => {
      asked.push('route')
      return load
    }
  }
  const clearMarker = {
    isDue: () => marker === 'due' || marker === 'failing',
    ask: async () => {
      asked.push('marker')
      if (marker === 'failing') throw new Error('down')
    }
  }
  const preloader = new Preloader({ definitions } as unknown as Registry, routes as unknown as RouteSessions)
  preloader.begin(clearMarker as unknown as ClearMarker, marker !== undefined)
  const requestWith = (cookie: string | undefined) => ({ raw: { headers: { cookie } } }) as FastifyRequest
  const sessionsOf = () => {
    asked.push('sessions')
    return sessions as unknown as RequestSessions
  }
  return {
    preload: async (cookie?: string) => {
      const loading = preloader.preload(requestWith(cookie), sessionsOf)
      const isAtOnce = !(loading instanceof Promise)
      await loading
      return [isAtOnce ? 'at once' : 'later', ...asked.splice(0)]
    },
    roll: (cookie?: string) => {
      preloader.roll(requestWith(cookie), sessionsOf)
      return asked.splice(0)
    }
  }
}

t.test('what a request names is read, except for what is in cookies, or loaded by hand', async (t) => {
  const { preload } = preloading(all)
  const read = (...names: string[]) => ['at once', 'route', 'sessions', ['preload', ...names]]
  t.same(await preload(), ['at once'])
  t.same(await preload(''), ['at once'])
  t.same(await preload('prefs wizard notes other'), ['at once'])
  t.same(await preload('login'), read('login'))
  t.same(await preload('prefs login wizard cart'), read('login', 'cart'))
  t.same(await preload('taken'), read('taken'))
  t.same(await preload('former'), read('taken'), 'the cookie of another plugin')
})

t.test('a route reads those sessions that its settings name', async (t) => {
  t.same(await preloading(all, { load: ['cart', 'wizard'] }).preload('login cart wizard'), [
    'at once',
    'route',
    'sessions',
    ['preload', 'cart']
  ])
  for (const load of [false, ['cart']] as const)
    t.same(await preloading(all, { load }).preload('login'), ['at once', 'route'])
})

t.test('whether all sessions were cleared is asked first, where it is due', async (t) => {
  const { preload } = preloading(all, { marker: 'due' })
  t.same(await preload(), ['at once'])
  t.same(await preload('other'), ['later', 'marker'])
  t.same(await preload('prefs'), ['later', 'marker'], 'also for a cookie that needs no store')
  t.same(await preload('login'), ['later', 'marker', 'route', 'sessions', ['preload', 'login']])
  t.same(await preloading(all, { marker: 'stored' }).preload('login'), [
    'at once',
    'route',
    'sessions',
    ['preload', 'login']
  ])
  const [prefs] = all as [ResolvedDefinition]
  t.same(await preloading([prefs], { marker: 'due' }).preload('prefs'), ['later', 'marker'])
  t.same(await preloading([prefs]).preload('prefs'), ['at once'])
})

t.test('where that can not be asked, no session can be trusted', async (t) => {
  const names = all.map(({ name }) => name)
  t.same(await preloading(all, { marker: 'failing' }).preload('login'), [
    'later',
    'marker',
    'sessions',
    ['fail', ...names, 'down']
  ])
})

t.test('each request with its cookie counts as use of a rolling session, and of no other', async (t) => {
  const { roll } = preloading(all)
  t.same(roll(), [])
  t.same(roll('login prefs'), [])
  t.same(roll('cart'), ['sessions', ['use', 'cart']])
  t.same(roll('prefs login notes cart'), ['sessions', ['use', 'cart', 'notes']])
  t.same(preloading([session('login', inStore)]).roll('login'), [])
})
