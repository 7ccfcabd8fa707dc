import t from 'tap'
import { again, isAbout, isUnknown, sameAs } from '../../lib/history/entries.js'
import { explain } from '../../lib/history/why.js'
import { sentence } from '../../lib/history/words.js'
import type { HistoryEntry } from '../../types/history.js'

const AT = Date.parse('2026-01-02T03:04:05.678Z')

const entry = (event: HistoryEntry['event'], more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  event,
  at: AT,
  times: 1,
  ...more
})

const refused = (problem: HistoryEntry['problem'], more: Partial<HistoryEntry> = {}) =>
  entry('refused', { problem, during: 'load', ...more })

t.test('each end and each refusal has its sentence', async (t) => {
  for (const [said, words] of [
    [entry('destroyed'), 'it was signed out: destroy() ended it'],
    [
      entry('revoked', { by: 'limit' }),
      'it was ended for a newer session of its user, who had as many as limit allows'
    ],
    [entry('revoked', { by: 'revoke' }), 'it was revoked: app.sessions.revoke() ended it'],
    [entry('cleared'), 'all sessions were ended by app.sessions.clear()'],
    [entry('expired', { by: 'idle' }), 'it had expired, not used for longer than idle, when its cookie came'],
    [entry('expired', { by: 'absolute' }), 'it had expired, older than absolute, when its cookie came'],
    [entry('evicted'), 'its store dropped it to make room'],
    [entry('identified', { subject: 'ann' }), 'identify() said whose it is'],
    [entry('identified', { subject: 'bob', formerSubject: 'ann' }), 'identify() gave it to another user'],
    [entry('identified', { formerSubject: 'ann' }), "identify(null) made it nobody's"],
    [entry('regenerated'), 'regenerate() gave it a new id'],
    [entry('regenerated', { cut: 'user' }), 'regenerate() gave it a new id, and cut the old one off for a sign-in'],
    [entry('regenerated', { cut: 'rights' }), 'regenerate() gave it a new id, and cut the old one off for new rights'],
    [refused('gone', { during: 'save' }), 'it had been ended while a request ran, whose changes were dropped'],
    [
      refused('unknown-key', { key: '0102030405', session: 'login' }),
      'a cookie of "login" was refused, sealed with key 0102030405, which is not in the ring: it was dropped, or is another app\'s'
    ],
    [refused('bad-seal'), 'a cookie was refused, its seal broken: it was changed, or is that of another session'],
    [refused('malformed'), "a cookie was refused, which is none of this plugin's"],
    [refused('cleared'), 'it had been ended by app.sessions.clear() when its cookie came'],
    [refused('retired'), 'its id had been replaced by regenerate(), and the grace was over, when the old cookie came'],
    [refused('schema'), 'what is stored does not fit the schema: it began anew'],
    [refused('newer'), 'a newer version of the app had stored it: it is read-only for older ones'],
    [refused('too-large'), 'its cookie or record was larger than may be'],
    [refused('store'), 'its store failed, and the request went on without it'],
    [refused('gone'), 'its store had no record of it when its cookie came']
  ] as const) {
    t.equal(sentence(said), `${words} at 2026-01-02T03:04:05.678Z`)
  }
  t.equal(
    sentence(entry('destroyed', { route: 'GET /out', times: 3 })),
    'it was signed out: destroy() ended it in GET /out at 2026-01-02T03:04:05.678Z, and 2 times before'
  )
})

t.test('only what is repeated without end is counted, and by all that it says', async (t) => {
  const one = refused('bad-seal', { session: 'a', id: 'id', key: 'key' })
  t.ok(sameAs(one, { ...one, at: AT + 1, route: 'GET /' }))
  for (const other of [
    { session: 'b' },
    { id: 'other' },
    { key: 'other' },
    { problem: 'malformed' },
    { during: 'save' },
    { event: 'expired' }
  ] as const) {
    t.notOk(sameAs(one, { ...one, ...other }), JSON.stringify(other))
  }
  t.ok(sameAs(entry('expired'), entry('expired')))
  t.notOk(sameAs(entry('destroyed', { id: 'id' }), entry('destroyed', { id: 'id' })))
  t.same(again({ ...one, times: 2 }, { ...one, at: AT + 1, times: 3 }), { ...one, at: AT + 1, times: 5 })
})

t.test(
  'an entry is about whoever had the session before or after, and a refusal without either is about nobody',
  async (t) => {
    for (const role of ['id', 'formerId', 'subject', 'formerSubject']) {
      t.ok(isAbout(entry('identified', { [role]: 'x' }), new Set(['x'])), role)
      t.notOk(isAbout(entry('identified', { [role]: 'x' }), new Set(['y', undefined as never])), role)
    }
    t.ok(isUnknown(refused('bad-seal')))
    t.notOk(isUnknown(refused('bad-seal', { id: 'id' })))
    t.notOk(isUnknown(refused('bad-seal', { subject: 'ann' })))
    t.notOk(isUnknown(entry('cleared')))
  }
)

const reason = (asked: string, all: readonly HistoryEntry[], isAlive: boolean | 'unknown' = false) =>
  explain(asked, all, {
    isAlive: isAlive === 'unknown' ? undefined : isAlive,
    idleOf: (session) => (session === 'login' ? 1000 : undefined)
  }).reason.replace(/ at \d{4}-[\d-]+T[\d:.]+Z/g, '')

t.test('what ended a session is said, and not what found later that it had ended', async (t) => {
  const ended = entry('destroyed', { id: 'id', subject: 'ann' })
  const found = refused('cleared', { id: 'id', at: AT + 5 })
  t.equal(reason('id', [ended, found]), 'It was signed out: destroy() ended it.')
  t.equal(reason('id', [found, ended]), 'It was signed out: destroy() ended it.')
  const twice = [ended, entry('revoked', { id: 'id', at: AT + 9 })]
  t.equal(reason('id', twice), 'It was revoked: app.sessions.revoke() ended it.', 'the newest')
  t.equal(
    reason('id', [entry('expired', { id: 'id', by: 'idle' }), entry('cleared', { at: AT + 9 })]),
    'It had expired, not used for longer than idle, when its cookie came.'
  )
  t.equal(reason('id', [found, entry('cleared')]), 'It had been ended by app.sessions.clear() when its cookie came.')
  const younger = refused('gone', { id: 'id', session: 'login', createdAt: AT + 1, at: AT + 5 })
  t.equal(
    reason('id', [younger, entry('cleared')]),
    'There is no record of it, and nothing here ended it: it was too young to have expired unused, so its store dropped it (evicted, flushed or restarted), or another program removed it.'
  )
  const older = refused('gone', { id: 'id', session: 'login', createdAt: AT, at: AT + 5 })
  t.equal(reason('id', [older, entry('cleared')]), 'All sessions were ended by app.sessions.clear().')
})

t.test('a new id ended the old one only where it was cut off, and a new user only for the former one', async (t) => {
  const nothing = 'There is no record of it, and nothing here ended it.'
  const cut = entry('regenerated', { id: 'new', formerId: 'old', cut: 'rights' })
  t.equal(reason('old', [cut]), 'Regenerate() gave it a new id, and cut the old one off for new rights.')
  t.equal(reason('new', [cut]), nothing)
  t.equal(reason('old', [{ ...cut, cut: undefined }]), nothing)
  const given = entry('identified', { id: 'id', subject: 'bob', formerSubject: 'ann' })
  t.equal(reason('ann', [given]), 'Identify() gave it to another user.')
  t.equal(reason('bob', [given]), nothing)
  t.equal(reason('ann', [{ ...given, subject: 'ann' }]), nothing)
})

t.test('a refusal ends what was stored, unless it came in a save or found nothing', async (t) => {
  t.equal(
    reason('id', [refused('schema', { id: 'id' })], true),
    'What is stored does not fit the schema: it began anew. A session of that id, or of that user, lives now.'
  )
  t.equal(reason('id', [refused('schema', { id: 'id', during: 'save' })], true), 'It lives: nothing here ended it.')
  t.equal(reason('id', [refused('gone', { id: 'id' })], true), 'It lives: nothing here ended it.')
  t.equal(reason('id', [entry('expired', { id: 'id' })], true), 'It lives: nothing here ended it.')
  t.equal(reason('id', [entry('cleared')], true), 'It lives: nothing here ended it.')
})

t.test('what its store lost is guessed from its age, and what its store can not say is said', async (t) => {
  const lost = 'it was not used for longer than idle, or its store dropped it (evicted, flushed or restarted)'
  const young = refused('gone', { id: 'id', session: 'login', createdAt: AT - 999 })
  const start = 'There is no record of it, and nothing here ended it: '
  t.match(reason('id', [young]), /: it was too young to have expired unused/)
  t.equal(reason('id', [{ ...young, createdAt: AT - 1000 }]), `${start}${lost}.`)
  t.equal(reason('id', [{ ...young, createdAt: undefined }]), `${start}${lost}.`)
  t.equal(reason('id', [{ ...young, session: 'other' }]), `${start}${lost}.`)
  t.equal(reason('id', [], 'unknown'), 'Its store could not be asked, and nothing here ended it.')
  const [former, last] = [refused('malformed', { at: AT - 1 }), refused('bad-seal')]
  t.equal(
    reason('id', [former, last]),
    'There is no record of it, and nothing here ended it. Of cookies that do not tell whose they are, the last: a cookie was refused, its seal broken: it was changed, or is that of another session.'
  )
})

t.test('whoever asks for a user hears of the sessions that are, or were, the user’s', async (t) => {
  const asked = (asked: string, all: readonly HistoryEntry[]) =>
    explain(asked, all, { isAlive: false, idleOf: () => undefined }).entries.map(({ event, id }) => [event, id])
  const all = [
    entry('identified', { id: 'one', subject: 'ann' }),
    entry('regenerated', { id: 'three', formerId: 'two', formerSubject: 'ann', at: AT + 1 }),
    entry('destroyed', { id: 'one', at: AT + 2 }),
    entry('revoked', { id: 'two', at: AT + 3 }),
    entry('evicted', { id: 'three', at: AT + 4 }),
    entry('destroyed', { id: 'other', subject: 'bob', at: AT + 5 }),
    entry('cleared', { at: AT + 6 })
  ]
  const ofAnn = [
    ['cleared', undefined],
    ['evicted', 'three'],
    ['revoked', 'two'],
    ['destroyed', 'one'],
    ['regenerated', 'three'],
    ['identified', 'one']
  ]
  t.same(asked('ann', all), ofAnn)
  t.same(asked('bob', all), [
    ['cleared', undefined],
    ['destroyed', 'other']
  ])
  t.same(asked('nobody', all), [['cleared', undefined]])
})
