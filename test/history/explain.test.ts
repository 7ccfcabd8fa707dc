import t from 'tap'
import { explain, type Present } from '../../lib/history/why.js'
import { sentence } from '../../lib/history/words.js'
import type { HistoryEntry } from '../../types/history.js'

const AT = Date.parse('2026-01-02T03:04:05.678Z')
const WHEN = '2026-01-02T03:04:05.678Z'

const entry = (event: HistoryEntry['event'], more: Partial<HistoryEntry> = {}): HistoryEntry =>
  ({ event, at: AT, times: 1, id: 'id', session: 'cart', ...more }) as HistoryEntry

const present = (isAlive: boolean | undefined, idle?: number): Present => ({ isAlive, idleOf: () => idle })
const reason = (entries: readonly HistoryEntry[], isAlive: boolean | 'unknown' = false, asked = 'id', idle?: number) =>
  explain(asked, entries, present(isAlive === 'unknown' ? undefined : isAlive, idle)).reason

const GONE = 'There is no record of it, and nothing here ended it'
const DROPPED = 'its store dropped it (evicted, flushed or restarted)'
const YOUNG = `it was too young to have expired unused, so ${DROPPED}, or another program removed it`

t.test('each entry is a sentence that tells what, where, when and how often', async (t) => {
  const cookie = 'a cookie of "cart" was refused'
  for (const [event, more, words] of [
    ['destroyed', {}, 'it was signed out: destroy() ended it'],
    ['revoked', { by: 'revoke' }, 'it was revoked: app.sessions.revoke() ended it'],
    ['revoked', { by: 'limit' }, 'it was ended for a newer session of its user, who had as many as limit allows'],
    ['cleared', {}, 'all sessions were ended by app.sessions.clear()'],
    ['expired', { by: 'idle' }, 'it had expired, not used for longer than idle, when its cookie came'],
    ['expired', { by: 'absolute' }, 'it had expired, older than absolute, when its cookie came'],
    ['evicted', {}, 'its store dropped it to make room'],
    ['identified', {}, "identify(null) made it nobody's"],
    ['identified', { subject: 'ann' }, 'identify() said whose it is'],
    ['identified', { subject: 'ann', formerSubject: 'bob' }, 'identify() gave it to another user'],
    ['regenerated', {}, 'regenerate() gave it a new id'],
    ['regenerated', { cut: 'user' }, 'regenerate() gave it a new id, and cut the old one off for a sign-in'],
    ['regenerated', { cut: 'rights' }, 'regenerate() gave it a new id, and cut the old one off for new rights'],
    ['refused', { during: 'save' }, 'it had been ended while a request ran, whose changes were dropped'],
    [
      'refused',
      { problem: 'unknown-key', key: 'ab12' },
      `${cookie}, sealed with key ab12, which is not in the ring: it was dropped, or is another app's`
    ],
    ['refused', { problem: 'bad-seal' }, `${cookie}, its seal broken: it was changed, or is that of another session`],
    ['refused', { problem: 'malformed' }, `${cookie}, which is none of this plugin's`],
    ['refused', { problem: 'malformed', session: undefined }, "a cookie was refused, which is none of this plugin's"],
    ['refused', { problem: 'cleared' }, 'it had been ended by app.sessions.clear() when its cookie came'],
    [
      'refused',
      { problem: 'retired' },
      'its id had been replaced by regenerate(), and the grace was over, when the old cookie came'
    ],
    ['refused', { problem: 'schema' }, 'what is stored does not fit the schema: it began anew'],
    ['refused', { problem: 'newer' }, 'a newer version of the app had stored it: it is read-only for older ones'],
    ['refused', { problem: 'too-large' }, 'its cookie or record was larger than may be'],
    ['refused', { problem: 'store' }, 'its store failed, and the request went on without it'],
    ['refused', { problem: 'gone' }, 'its store had no record of it when its cookie came']
  ] as const) {
    t.equal(sentence(entry(event, more as never)), `${words} at ${WHEN}`)
    const often = { ...more, route: 'GET /me', times: 3 } as never
    t.equal(sentence(entry(event, often)), `${words} in GET /me at ${WHEN}, and 2 times before`)
  }
})

t.test('what ended a session is told, whatever came of it later', async (t) => {
  const out = `It was signed out: destroy() ended it at ${WHEN}.`
  const refused = (problem: HistoryEntry['problem'], at = AT + 1) =>
    entry('refused', { problem, during: 'load', at } as never)
  t.equal(reason([entry('destroyed')]), out)
  t.equal(reason([entry('destroyed')], true), `${out} A session of that id, or of that user, lives now.`)
  t.equal(reason([entry('destroyed')], 'unknown'), out)
  t.equal(reason([entry('destroyed'), refused('schema')]), out)
  t.equal(reason([entry('destroyed'), entry('expired', { by: 'idle', at: AT + 1 } as never)]), out)
  t.equal(reason([entry('destroyed'), entry('cleared', { id: undefined, at: AT + 1 } as never)]), out)
  t.equal(reason([refused('schema', AT)]), `What is stored does not fit the schema: it began anew at ${WHEN}.`)
  t.equal(
    reason([refused('schema', AT), entry('expired', { by: 'idle', at: AT - 1 } as never)], true),
    `What is stored does not fit the schema: it began anew at ${WHEN}. A session of that id, or of that user, lives now.`
  )
  t.equal(reason([entry('expired', { by: 'idle' } as never)], true), 'It lives: nothing here ended it.')
  t.match(reason([entry('expired', { by: 'absolute' } as never)]), /^It had expired, older than absolute,/)
  t.equal(reason([refused('gone')]), `${GONE}: it was not used for longer than idle, or ${DROPPED}.`)
})

t.test('what made no end is no reason', async (t) => {
  const nothing = `${GONE}.`
  t.equal(reason([]), nothing)
  t.equal(reason([], true), 'It lives: nothing here ended it.')
  t.equal(reason([], 'unknown'), 'Its store could not be asked, and nothing here ended it.')
  t.equal(reason([entry('destroyed', { id: 'other' })]), nothing)
  t.equal(reason([entry('regenerated', { formerId: 'id', id: 'new' })]), nothing)
  t.equal(reason([entry('regenerated', { formerId: 'old', id: 'id', cut: 'user' } as never)]), nothing)
  t.match(reason([entry('regenerated', { formerId: 'id', id: 'new', cut: 'user' } as never)]), /^Regenerate\(\) gave/)
  t.equal(reason([entry('identified', { subject: 'ann' })], false, 'ann'), nothing)
  t.equal(reason([entry('identified', { subject: 'ann', formerSubject: 'ann' })], false, 'ann'), nothing)
  t.equal(
    reason([entry('identified', { subject: 'ann', formerSubject: 'bob' })]),
    nothing,
    'the session itself went on'
  )
  t.match(reason([entry('identified', { formerSubject: 'ann' })], false, 'ann'), /^Identify\(null\) made it nobody's/)
  t.match(
    reason([entry('identified', { subject: 'bob', formerSubject: 'ann' })], false, 'ann'),
    /^Identify\(\) gave it/
  )
  t.equal(reason([entry('refused', { during: 'save', problem: 'schema' } as never)]), nothing)
  t.equal(reason([entry('refused', { during: 'save', problem: 'bad-seal' } as never)]), nothing)
})

t.test('where a store has no record any longer, the age of the session says what may have become of it', async (t) => {
  const gone = (more: object = {}) => [entry('refused', { problem: 'gone', during: 'load', ...more } as never)]
  const old = `${GONE}: it was not used for longer than idle, or ${DROPPED}.`
  t.equal(reason(gone({ createdAt: AT - 999 }), false, 'id', 1000), `${GONE}: ${YOUNG}.`)
  t.equal(reason(gone({ createdAt: AT - 1000 }), false, 'id', 1000), old)
  t.equal(reason(gone({ createdAt: AT - 999 }), false, 'id'), old)
  t.equal(reason(gone(), false, 'id', 1000), old)
  t.equal(
    reason(gone({ createdAt: AT - 999 }), 'unknown', 'id', 1000),
    `Its store could not be asked, and nothing here ended it: ${YOUNG}.`
  )
  const names: unknown[] = []
  explain('id', gone(), { isAlive: false, idleOf: (name) => void names.push(name) as undefined })
  t.same(names, ['cart'])
})

t.test('what ended all sessions ended those that had begun by then', async (t) => {
  const cleared = entry('cleared', { id: undefined } as never)
  const words = `All sessions were ended by app.sessions.clear() at ${WHEN}.`
  t.equal(reason([cleared]), words)
  t.equal(reason([cleared, entry('refused', { problem: 'gone', during: 'load', createdAt: AT } as never)]), words)
  const later = entry('refused', { problem: 'gone', during: 'load', createdAt: AT + 1 } as never)
  t.equal(reason([cleared, later]), `${GONE}: it was not used for longer than idle, or ${DROPPED}.`)
  t.equal(reason([cleared], true), 'It lives: nothing here ended it.')
  const both = [cleared, entry('expired', { by: 'idle', at: AT - 1 } as never)]
  t.match(reason(both), /^It had expired/)
})

t.test('a user is told of all sessions of the user, and the newest comes first', async (t) => {
  const other = { id: 'other', subject: 'bob' }
  const all = [
    entry('identified', { id: 'one', subject: 'ann' }),
    entry('identified', { ...other }),
    entry('regenerated', { id: 'two', formerId: 'one', subject: 'ann', at: AT + 1 }),
    entry('destroyed', { id: 'one', at: AT + 3 }),
    entry('destroyed', { id: 'two', at: AT + 2 }),
    entry('destroyed', other),
    entry('cleared', { id: undefined, at: AT + 2 } as never)
  ]
  const of = (asked: string) =>
    explain(asked, all, present(false)).entries.map(({ event, id, at }) => `${event} ${id ?? 'all'} ${at - AT}`)
  t.same(of('ann'), ['destroyed one 3', 'cleared all 2', 'destroyed two 2', 'regenerated two 1', 'identified one 0'])
  t.same(of('two'), ['cleared all 2', 'destroyed two 2', 'regenerated two 1'])
  t.same(of('bob'), ['cleared all 2', 'destroyed other 0', 'identified other 0'])
  t.same(of('nobody'), ['cleared all 2'])
  const { asked, isAlive } = explain('ann', all, present(undefined))
  t.same([asked, isAlive], ['ann', undefined])
})

t.test('cookies that do not tell whose they are, are told of as a suspicion', async (t) => {
  const stray = entry('refused', { problem: 'bad-seal', during: 'load', id: undefined } as never)
  const suspicion = ` Of cookies that do not tell whose they are, the last: ${sentence(stray)}.`
  t.equal(reason([stray]), `${GONE}.${suspicion}`)
  t.equal(reason([stray], true), `It lives: nothing here ended it.${suspicion}`)
  t.equal(reason([stray, entry('destroyed')]), `It was signed out: destroy() ended it at ${WHEN}.`)
  t.same(explain('id', [stray, entry('destroyed')], present(false)).unknown, [stray])
})
