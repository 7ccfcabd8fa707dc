import assert from 'node:assert/strict'
import { fastifyCookie } from '@fastify/cookie'
import fc from 'fast-check'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore } from '../../lib/index.js'
import { parseRecord, type SessionRecord } from '../../lib/records/record.js'
import { FURTHER_SUBJECTS, subjectsOf } from '../../lib/records/subjects.js'
import { KeyRing } from '../../lib/seal/keys.js'
import { type Encoded, idOf, type Origin } from '../../lib/session/origin.js'
import { SessionState } from '../../lib/session/state.js'
import { KEY } from '../client.js'
import { exactly } from '../exactly.js'
import { forAll } from './properties.js'

/*
 * Random operations on a session's state, beside models that are plain data: one of what it holds, one of where it stands.
 */

const log = new Proxy({}, { get: () => () => {} }) as FastifyBaseLogger

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)

const registry = new Registry(
  new KeyRing([KEY]),
  {},
  {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: {
      kept: {
        store: 'memory',
        schema: z.object({ count: z.number().default(0) }),
        flash: { notice: z.string() },
        idle: 100,
        absolute: 10_000
      }
    }
  },
  new AppEvents()
)
registry.freeze()
const definition: ResolvedDefinition = registry.find('kept')

const NOW = 1_000_000
const IDLE = 100_000

/** A record as the store gives it. */
function originOf(record: SessionRecord, id = 'stored'): Origin {
  const text = JSON.stringify(record)
  const ticket = { secret: 'secret', id, createdAt: record.c, expires: 0 }
  return { text, record, expires: NOW + 50_000, location: { id, version: 1, ticket } }
}

function stateOf(origin?: Origin): SessionState {
  return new SessionState(definition, log, origin === undefined ? {} : { origin }, {
    at: NOW,
    isUse: true,
    clearedAt: 0
  })
}

function encode(state: SessionState): Encoded {
  const encoded = state.encode(NOW)
  assert.ok(encoded)
  return encoded
}

/** The session is stored now as it was encoded. */
function savedAs({ text, expires }: Encoded, id = 'stored'): Origin {
  return { ...originOf(parseRecord(text) as SessionRecord, id), expires }
}

interface Held {
  readonly count: number
  readonly persist: number | false | undefined
  readonly subject: string | undefined
  readonly notices: readonly string[]
}

const held: fc.Arbitrary<Held> = fc.record({
  count: fc.nat({ max: 9 }),
  persist: fc.constantFrom<Held['persist']>(undefined, false, 10, 20),
  subject: fc.constantFrom(undefined, 'ada', 'bob', 'ada org:7'),
  notices: fc.array(fc.constantFrom('one', 'two'), { maxLength: 2 })
})

type Deed =
  | { readonly kind: 'count'; readonly value: number }
  | { readonly kind: 'persist'; readonly value: number | false }
  | { readonly kind: 'identify'; readonly value: string | undefined }
  | { readonly kind: 'flash'; readonly value: string }
  | { readonly kind: 'take' }

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('count' as const), value: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('persist' as const), value: fc.constantFrom<number | false>(false, 10, 20) }),
  fc.record({ kind: fc.constant('identify' as const), value: fc.constantFrom(undefined, 'ada', 'bob', 'ada org:7') }),
  fc.record({ kind: fc.constant('flash' as const), value: fc.constantFrom('three', 'four') }),
  fc.record({ kind: fc.constant('take' as const) })
)
const deeds = fc.array(deed, { maxLength: 5 })

function act({ content }: SessionState, deed: Deed): void {
  if (deed.kind === 'count') content.values.set('count', deed.value, deed.value)
  else if (deed.kind === 'persist') content.persist = deed.value
  else if (deed.kind === 'identify') content.subjects = deed.value?.split(' ') ?? []
  else if (deed.kind === 'flash') content.flashes.add('notice', deed.value)
  else content.flashes.take('notice')
}

/** What a request says and does: what it says nothing of follows what is stored. */
class Model {
  count: number | undefined
  persist: { readonly value: Held['persist'] } | undefined
  subject: { readonly value: Held['subject'] } | undefined
  hasTaken = false
  added: string[] = []

  do(deed: Deed, { persist, subject, notices }: Held): void {
    if (deed.kind === 'count') this.count = deed.value
    else if (deed.kind === 'persist') {
      if (this.persist !== undefined || deed.value !== persist) this.persist = { value: deed.value }
    } else if (deed.kind === 'identify') {
      if (this.subject !== undefined || deed.value !== subject) this.subject = { value: deed.value }
    } else if (deed.kind === 'flash') this.added.push(deed.value)
    else {
      this.hasTaken ||= notices.length > 0
      this.added = []
    }
  }

  get isChanged(): boolean {
    const { count, persist, subject, hasTaken, added } = this
    return count !== undefined || persist !== undefined || subject !== undefined || hasTaken || added.length > 0
  }

  /** What is to be stored. `taken` are the messages that were there when they were taken. */
  over(stored: Held, taken: readonly string[]): Held {
    const left = this.hasTaken ? stored.notices.slice(taken.length) : stored.notices
    return {
      count: this.count ?? stored.count,
      persist: this.persist === undefined ? stored.persist : this.persist.value,
      subject: this.subject === undefined ? stored.subject : this.subject.value,
      notices: [...left, ...this.added]
    }
  }
}

function recordOf({ count, persist, subject, notices }: Held, first = 1): SessionRecord {
  return {
    c: NOW - 1000,
    p: { count },
    ...(persist !== undefined && { m: persist }),
    ...(subject !== undefined && { s: userOf(subject) as string }),
    ...((notices.length > 0 || furtherOf(subject).length > 0) && {
      f: {
        ...(notices.length > 0 && { notice: notices.flatMap((text, at) => [`n${first + at}`, text]) }),
        ...(furtherOf(subject).length > 0 && { [FURTHER_SUBJECTS]: [userOf(subject), furtherOf(subject)] })
      }
    })
  }
}

/** Subjects stand in one text, parted by spaces. */
const userOf = (subjects: string | undefined) => subjects?.split(' ')[0]
const furtherOf = (subjects: string | undefined) => subjects?.split(' ').slice(1) ?? []

function heldIn(record: SessionRecord): Held {
  const { m, p, f } = record
  const subject = record.s === undefined ? undefined : subjectsOf(record).join(' ')
  const notices = (f?.['notice'] ?? []).filter((_, at) => at % 2 === 1) as string[]
  return { count: (p?.['count'] as number | undefined) ?? 0, persist: m, subject, notices }
}

t.test('a session is stored as it was, but for what this request did', async () => {
  forAll([held, deeds], (before, mine) => {
    const state = stateOf(originOf(recordOf(before)))
    const model = new Model()
    for (const deed of mine) {
      act(state, deed)
      model.do(deed, before)
    }
    assert.equal(state.isChanged, model.isChanged)
    const { record, text } = encode(state)
    assert.deepEqual(heldIn(record), model.over(before, before.notices))
    assert.deepEqual(heldIn(parseRecord(text) as SessionRecord), heldIn(record))
    assert.equal(record.c, NOW - 1000)
  })
})

t.test('what another request stored meanwhile stays, but for what this one did', async () => {
  forAll([held, deeds, fc.array(held, { minLength: 1, maxLength: 3 })], (before, mine, rivals) => {
    const start = originOf(recordOf(before))
    const state = stateOf(start)
    const model = new Model()
    for (const deed of mine) {
      act(state, deed)
      model.do(deed, before)
    }
    let from = start
    for (const rival of rivals) {
      // Whoever stored it left the messages that were there, and added others.
      const theirs = { ...rival, notices: [...before.notices, ...rival.notices] }
      const newer = originOf(recordOf(theirs))
      encode(state)
      state.rebase(from, newer)
      from = newer
      const { record } = encode(state)
      assert.deepEqual(heldIn(record), model.over(theirs, before.notices))
      assert.equal(state.content.isSubjectChanged, model.subject !== undefined)
      if (model.subject === undefined) assert.equal(state.content.subjectBefore, userOf(rival.subject))
      else assert.equal(state.content.subjectBefore, userOf(before.subject))
    }
  })
})

t.test('what is said and done while a save is under way is for the next save', async () => {
  forAll([held, deeds, deeds, fc.boolean()], (before, mine, meanwhile, isFailing) => {
    const state = stateOf(originOf(recordOf(before)))
    for (const deed of mine) act(state, deed)
    state.beginSaving()
    const saving = encode(state)
    const saved = heldIn(saving.record)
    for (const deed of meanwhile) act(state, deed)
    const present = state.content.flashes.peek('notice')
    if (!isFailing) state.markSaved(savedAs(saving))
    state.endSaving()
    const { record } = encode(state)
    assert.deepEqual(heldIn(record).notices, present)
    const whole = stateOf(originOf(recordOf(before)))
    for (const deed of [...mine, ...meanwhile]) act(whole, deed)
    const { notices: _, ...expected } = heldIn(encode(whole).record)
    assert.deepEqual({ ...heldIn(record), notices: [] }, { ...expected, notices: [] })
    const isSaved = !isFailing && JSON.stringify(saved) === JSON.stringify(heldIn(record))
    if (meanwhile.length === 0) assert.equal(state.isChanged && !isFailing, false, 'what is saved is not changed')
    if (!isSaved && !isFailing) assert.ok(state.isChanged, 'what is not saved is changed')
  })
})

t.test('a fork has the same changes, and goes its own way', async () => {
  forAll([held, deeds, deeds, held], (before, mine, more, rival) => {
    const start = originOf(recordOf(before))
    const state = stateOf(start)
    for (const deed of mine) act(state, deed)
    const expected = encode(state)
    const fork = state.fork()
    assert.deepEqual(heldIn(encode(fork).record), heldIn(expected.record))
    assert.deepEqual(
      [fork.isChanged, fork.needsIndexing, fork.origin, fork.content.createdAt, fork.content.expires(NOW)],
      [state.isChanged, state.needsIndexing, state.origin, state.content.createdAt, state.content.expires(NOW)]
    )
    assert.equal(fork.content.subjectBefore, state.content.subjectBefore)
    fork.rebase(start, originOf(recordOf({ ...rival, notices: before.notices }), 'other'))
    for (const deed of more) act(fork, deed)
    encode(fork)
    fork.markSaved(originOf(recordOf(rival), 'other'))
    assert.deepEqual(heldIn(encode(state).record), heldIn(expected.record))
    assert.equal(state.origin, start)
  })
})

t.test('persist() says when the session ends, and use when it has said nothing', async (t) => {
  const state = stateOf(originOf(recordOf({ count: 1, persist: undefined, subject: undefined, notices: [] })))
  t.equal(state.content.expires(NOW), NOW + IDLE)
  state.content.isUse = false
  t.equal(state.content.expires(NOW), NOW + 50_000, 'to look is no use')
  t.equal(state.fork().content.expires(NOW), NOW + 50_000, 'nor is it of a fork')
  state.persist(10)
  t.equal(state.content.expires(NOW), NOW + 10_000)
})

/** Where a session stands, in the words of whoever calls it. */
type Step = 'regenerate' | 'destroy' | 'begin save' | 'end save' | 'set'

const steps = fc.array(fc.constantFrom<Step>('regenerate', 'destroy', 'begin save', 'end save', 'set'), {
  maxLength: 8
})

t.test('wherever it stands, a save leads to one session, and ends what was destroyed', async () => {
  forAll([steps], (steps) => {
    const start = originOf(recordOf({ count: 1, persist: undefined, subject: undefined, notices: [] }), 'first')
    let state = stateOf(start)
    const destroyed = new Set<string>()
    const live = new Set(['first'])
    let saving: { state: SessionState; run(): void } | undefined
    const save = () => {
      state.resolveToDestroy()
      const saved = state
      const { replaced, origin, toDestroy, id } = saved
      const encoded = saved.isChanged || replaced !== undefined ? saved.encode(NOW) : undefined
      saved.beginSaving()
      const run = () => {
        if (toDestroy !== undefined) live.delete(idOf(toDestroy))
        saved.markDestroyed()
        if (encoded !== undefined) {
          if (replaced !== undefined) live.delete(idOf(replaced))
          live.add(origin === undefined ? (id as string) : idOf(origin))
          saved.markSaved(savedAs(encoded, origin === undefined ? id : idOf(origin)))
        }
        saved.markAnswered()
        saved.endSaving()
      }
      return { state: saved, run }
    }
    for (const step of steps) {
      if (step === 'set') state.content.values.set('count', 5, 5)
      else if (step === 'regenerate') state.regenerate(false)
      else if (step === 'destroy') {
        for (const id of live) destroyed.add(id)
        if (state.isSaving) state = state.startOver(NOW)
        else state.destroy(NOW)
      } else if (step === 'begin save') saving ??= save()
      else {
        saving?.run()
        saving = undefined
      }
      assert.ok([state.origin, state.replaced].filter((each) => each !== undefined).length <= 1)
      assert.equal(state.isNew, state.origin === undefined && state.replaced === undefined)
    }
    saving?.run()
    save().run()
    assert.equal(live.size <= 1, true, 'one session at the most')
    for (const id of destroyed) assert.equal(live.has(id), false, 'what was destroyed has ended')
    assert.equal(state.isDirty, false)
    assert.equal(state.clearsCookie, false)
    if (live.size === 1) assert.deepEqual([...live], [state.id])
    else assert.equal(state.isNew, true)
  })
})

t.test('a new id is another one each time, and that of a session that is stored stays', async (t) => {
  const state = stateOf(originOf(recordOf({ count: 1, persist: undefined, subject: undefined, notices: [] }), 'first'))
  t.equal(state.id, 'first')
  state.regenerate(false)
  const second = state.id
  t.not(second, 'first')
  t.equal(state.id, second)
  state.regenerate(false)
  t.not(state.id, second)
  t.equal(idOf(state.replaced as Origin), 'first')
})

t.test('regenerate() while a save is under way gives the new id when that is done', async (t) => {
  const state = stateOf(originOf(recordOf({ count: 1, persist: undefined, subject: undefined, notices: [] }), 'first'))
  state.content.values.set('count', 2, 2)
  state.beginSaving()
  const encoded = encode(state)
  state.regenerate(true)
  t.equal(state.id, 'first')
  state.markSaved(savedAs(encoded, 'first'))
  state.endSaving()
  t.equal(idOf(state.replaced as Origin), 'first')
  t.equal(state.hasNewRights, true)
})

t.test('what a parallel request stored and does not fit is refused, whichever of the two it is', async (t) => {
  const fits = originOf({ c: NOW, p: { count: 1 } })
  const other = originOf({ c: NOW, p: { count: 'x' } })
  for (const [started, theirs] of [
    [fits, other],
    [other, fits],
    [other, other]
  ] as const) {
    t.throws(() => stateOf(fits).rebase(started, theirs), {
      code: 'FST_SESSIONS_SCHEMA',
      message: exactly('session "kept": what a parallel request stored does not fit the schema of this process')
    })
  }
  t.throws(() => stateOf(fits).rebase(fits, originOf({ c: NOW, v: 2, p: { count: 'x' } })), {
    code: 'FST_SESSIONS_NEWER',
    message: exactly(
      'session "kept": version 2 of it is stored, and this process, of version 1, would replace what it can\'t read: nothing was saved; finish the deploy, or give the step of migrate a down'
    )
  })
})

t.test('the end of a session that was renewed is where it was moved to', async (t) => {
  const state = stateOf(originOf({ c: NOW, p: { count: 1 } }))
  state.markRenewed(NOW + 70_000)
  t.equal(state.origin?.expires, NOW + 70_000)
  state.content.isUse = false
  t.equal(state.content.expires(NOW), NOW + 70_000)
  t.equal(state.isDirty, false)
})

t.test('of a session that can not be read nothing is taken over, and it begins now', async (t) => {
  const state = stateOf(originOf({ c: NOW - 5000, p: { count: 'x' } }))
  t.same(
    [state.problem, state.isNew, state.isReadOnly, state.origin, state.content.createdAt, state.isDirty],
    ['schema', true, false, undefined, NOW, false]
  )
  t.not(state.id, 'stored')
  state.destroy(NOW)
  t.equal(idOf(state.toDestroy as Origin), 'stored', 'and it can be ended')
  const newer = stateOf(originOf({ c: NOW - 5000, v: 2, p: { count: 'x' } }))
  t.same(
    [newer.problem, newer.isNew, newer.isReadOnly, newer.id, newer.content.createdAt],
    ['newer', false, true, 'stored', NOW - 5000]
  )
})
