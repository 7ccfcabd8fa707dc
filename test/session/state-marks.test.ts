import t from 'tap'
import { parseRecord, type SessionRecord } from '../../lib/records/record.js'
import type { Encoded, Loaded, Origin } from '../../lib/session/origin.js'
import { SessionState } from '../../lib/session/state.js'
import { log, registryOf } from './registry.js'

const NOW = 1_790_000_000_000
const definition = registryOf({}).find('kept')
const ticket = { secret: 'secret', id: 'stored', createdAt: NOW, expires: NOW + 1000 }

function originOf(record: SessionRecord, id = 'stored'): Origin {
  return { text: JSON.stringify(record), record, expires: NOW + 1000, location: { id, version: 3, ticket } }
}

const fits = originOf({ c: NOW - 5000, p: { n: 1 }, s: 'ada' })
const misfit = originOf({ c: NOW - 5000, p: { n: 'x' } })
const newer = originOf({ c: NOW - 5000, v: 2, p: { n: 'x' } })
const peer = 'express-session'

function stateOf(loaded: Loaded): SessionState {
  return new SessionState(definition, log, loaded, { at: NOW, isUse: true, clearedAt: NOW - 9000 })
}

function saved(state: SessionState, id = 'stored'): Origin {
  const { text, expires } = state.encode(NOW) as Encoded
  return { ...originOf(parseRecord(text) as SessionRecord, id), expires }
}

t.test('a cookie of an older key is written anew, unless its session stays with another plugin', async (t) => {
  for (const [loaded, isStale] of [
    [{}, false],
    [{ origin: fits }, false],
    [{ origin: misfit }, false],
    [{ isStale: true }, true],
    [{ origin: fits, isStale: true }, true],
    [{ origin: misfit, isStale: true }, true],
    [{ origin: fits, isStale: true, arrival: { isStored: true, peer } }, true],
    [{ origin: misfit, isStale: true, arrival: { isStored: true, peer } }, false],
    [{ origin: misfit, isStale: false, arrival: { isStored: false, peer } }, false]
  ] as const) {
    t.equal(stateOf(loaded).isStale, isStale, JSON.stringify(loaded))
  }
})

t.test('what the browser got, or the store has, is not due once more', async (t) => {
  const first = stateOf({ origin: fits, isStale: true })
  const other = { ...ticket, expires: NOW + 9000 }
  first.markCookie(other)
  t.same([first.isStale, first.origin?.location?.ticket, first.id], [false, other, 'stored'])
  const second = stateOf({ origin: fits, isStale: true })
  second.content.values.set('n', 2, 2)
  second.markSaved(saved(second))
  t.same([second.isStale, second.isDirty], [false, false])
})

t.test('a cookie that lasts as long as before is not due', async (t) => {
  const state = stateOf({ origin: originOf({ c: NOW, m: 60 }) })
  state.persist(60)
  t.equal(state.isCookieChanged, false)
  state.persist(90)
  state.persist(90)
  t.equal(state.isCookieChanged, true)
  state.markAnswered()
  t.equal(state.isCookieChanged, false)
})

t.test('an unread record is the one that does not fit, and none of a store of another plugin', async (t) => {
  for (const [loaded, unread] of [
    [{}, undefined],
    [{ origin: fits }, undefined],
    [{ origin: misfit }, misfit],
    [{ origin: newer }, newer],
    [{ unread: misfit, problem: 'unreadable' as never }, misfit],
    [{ origin: misfit, arrival: { isStored: true, peer } }, misfit],
    [{ origin: misfit, arrival: { isStored: false, peer } }, undefined]
  ] as const) {
    const state = stateOf(loaded)
    t.equal(state.unread, unread, JSON.stringify(loaded))
    state.destroy(NOW)
    t.same([state.isNew, state.unread, state.origin, state.replaced], [true, undefined, undefined, undefined])
  }
})

t.test('whoever is named is entered in lists when that, or the id, is new', async (t) => {
  const of = (loaded: Loaded, change: (state: SessionState) => void) => {
    const state = stateOf(loaded)
    change(state)
    return state.needsIndexing
  }
  const name = (who: string) => (state: SessionState) => {
    state.content.subjects = [who]
  }
  t.same(
    [
      of({}, () => {}),
      of({}, name('ada')),
      of({ origin: fits }, () => {}),
      of({ origin: fits }, name('ada')),
      of({ origin: fits }, name('bob')),
      of({ origin: fits }, (state) => state.regenerate(false)),
      of({ origin: fits }, (state) => {
        state.content.subjects = []
      })
    ],
    [false, true, false, false, true, true, false]
  )
})

t.test('a fork knows what its session knows', async (t) => {
  const state = stateOf({ origin: fits })
  const theirs = { ...originOf({ c: NOW - 5000, p: { n: 5 } }), location: { id: 'stored', version: 4, ticket } }
  state.rebase(fits, theirs)
  t.same([state.replays, state.replayedOn], [1, 4])
  const fork = state.fork()
  t.same(
    [fork.clearedAt, fork.replays, fork.content.createdAt, fork.isStale, fork.id],
    [NOW - 9000, 1, NOW - 5000, false, 'stored']
  )
})

t.test('new rights count until the id is new, and no longer than the session', async (t) => {
  const destroyed = stateOf({ origin: fits })
  destroyed.regenerate(true)
  t.equal(destroyed.hasNewRights, true)
  destroyed.destroy(NOW)
  t.equal(destroyed.hasNewRights, false)

  const done = stateOf({ origin: fits })
  done.regenerate(true)
  done.markSaved(saved(done, 'second'))
  t.equal(done.hasNewRights, false)

  const due = stateOf({ origin: fits })
  due.beginSaving()
  due.regenerate(false)
  due.markSaved(saved(due))
  t.equal(due.hasNewRights, false)
})

t.test('a session that was to get a new id, could not and is destroyed, gets none', async (t) => {
  const state = stateOf({ origin: newer })
  t.equal(state.isDirty, false)
  state.regenerate(false)
  t.equal(state.isDirty, true)
  state.destroy(NOW)
  t.same([state.toDestroy, state.clearsCookie], [newer, true])
  state.markDestroyed()
  state.markAnswered()
  t.same([state.toDestroy, state.clearsCookie, state.isDirty], [undefined, false, false])
})

t.test('what is to be ended can be another record, and nothing once the browser was answered', async (t) => {
  const state = stateOf({ origin: fits })
  state.destroy(NOW)
  t.equal(state.toDestroy, fits)
  state.destroyInstead(misfit)
  t.same([state.toDestroy, state.clearsCookie], [misfit, true])
  state.markAnswered()
  t.same([state.toDestroy, state.clearsCookie], [undefined, false])
})

t.test('a session of another plugin goes on with its record here, if it is still the same session', async (t) => {
  const stored = originOf({ c: NOW - 5000, p: { n: 1 } }, 'here')
  const same = stateOf({ origin: fits })
  same.markArrived(fits, stored)
  t.equal(same.origin, stored)
  const other = stateOf({ origin: fits })
  other.markArrived(misfit, stored)
  t.equal(other.origin, fits)
})
