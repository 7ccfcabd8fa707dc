import t from 'tap'
import { pageWanted, sessionsIn } from '../../lib/app/session-pages.js'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import { storeId } from '../../lib/records/ticket.js'
import { exactly } from '../exactly.js'

const NOW = 1_790_000_000_000
const ID = storeId('a session')
const login = { name: 'login', absolute: 1000 } as ResolvedDefinition
const cart = { name: 'cart', absolute: 5000 } as ResolvedDefinition

t.test('a page is asked for with a store, a limit and a place, all of which may be left out', async (t) => {
  const usual = { store: undefined, limit: 100, after: undefined }
  t.strictSame(pageWanted(undefined), usual)
  t.strictSame(pageWanted({}), usual)
  t.strictSame(pageWanted({ limit: 1 }), { ...usual, limit: 1 })
  const all = { store: 'redis', limit: 1000, after: 'there' }
  t.strictSame(pageWanted(all), all)
  for (const [options, reason] of [
    [null, 'expected { store, limit, after } or nothing, got null'],
    ['redis', 'expected { store, limit, after } or nothing, got string'],
    [7, 'expected { store, limit, after } or nothing, got number'],
    [{ name: 'a' }, 'there is no option "name"; there are store, limit, after'],
    [{ limit: 0 }, 'limit: expected a whole number from 1 to 1000, got 0'],
    [{ limit: 1.5 }, 'limit: expected a whole number from 1 to 1000, got 1.5'],
    [{ limit: 1001 }, 'limit: expected a whole number from 1 to 1000, got 1001'],
    [{ limit: null }, 'limit: expected a whole number from 1 to 1000, got object'],
    [{ after: '' }, 'after: expected the next of a page'],
    [{ after: 7 }, 'after: expected the next of a page']
  ] as const) {
    t.throws(() => pageWanted(options as never), {
      code: 'FST_SESSIONS_CONFIG',
      message: exactly(`app.sessions.list(): ${reason}`)
    })
  }
})

t.test(
  'a session is told while it lives: until its record ends, its absolute lifetime, or all are cleared',
  async (t) => {
    const told = (text: string, expires: number, definitions: readonly ResolvedDefinition[] = [login]) => {
      const [session] = sessionsIn([{ id: ID, text, expires, version: 1 }], definitions, {
        now: NOW,
        clearedAt: NOW - 900
      })
      return session?.name ?? (session === undefined ? 'none' : 'no name')
    }
    const at = (c: number, more: object = {}) => JSON.stringify({ c: NOW + c, ...more })
    t.equal(told(at(-899), NOW + 1), 'login')
    t.equal(told(at(-899), NOW), 'none')
    t.equal(told(at(-900), NOW + 1), 'none')
    t.equal(told(at(-1000), NOW + 1), 'none')
    t.equal(told('x', NOW + 1), 'none')
    t.equal(told(at(0, { x: true }), NOW + 1), 'none')
    t.equal(told(at(0, { n: [ID, NOW] }), NOW + 1), 'none')
    t.equal(told(at(0, { n: [ID, NOW], x: true }), NOW + 1), 'none')
    t.equal(told(at(0, { d: 'cart' }), NOW + 1, [login, cart]), 'cart')
    t.equal(told(at(0, { d: 'wishes' }), NOW + 1, [login, cart]), 'no name')
    t.equal(told(at(0), NOW + 1, [login, cart]), 'no name')
    t.equal(told(at(0), NOW + 1, []), 'no name')

    const late = (absolute: number, definitions: readonly ResolvedDefinition[]) =>
      sessionsIn([{ id: ID, text: at(-absolute), expires: NOW + 1, version: 1 }], definitions, {
        now: NOW,
        clearedAt: 0
      }).length
    t.equal(late(999, [login]), 1)
    t.equal(late(1000, [login]), 0)
    t.equal(late(9999, [login, cart]), 1, 'whose session it is is unknown, and so is its lifetime')
  }
)

t.test('a session is told with its id, users and times', async (t) => {
  const text = JSON.stringify({ c: NOW - 5, s: 'ada', f: { '@': ['ada', ['org:7']] } })
  t.strictSame(sessionsIn([{ id: ID, text, expires: NOW + 7, version: 1 }], [login], { now: NOW, clearedAt: 0 }), [
    {
      id: ID,
      name: 'login',
      subjects: ['ada', 'org:7'],
      createdAt: new Date(NOW - 5),
      expiresAt: new Date(NOW + 7)
    }
  ])
})
