import { AsyncLocalStorage } from 'node:async_hooks'
import fc from 'fast-check'
import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore, type Session, type StoredRecord } from '../lib/index.js'
import { buildApp, Client } from './client.js'

/*
 * Random histories of a browser whose requests overlap, on a store where every access waits until it is let through: what
 * must hold whatever they do and in whichever order. Of one seed they are always the same; another is taken from SEED.
 */

const seed = Number(process.env['SEED'] ?? 20261128)
const RUNS = Number(process.env['RUNS'] ?? 250)

const DEEDS = [
  'update',
  'update',
  'flash',
  'take',
  'save',
  'save meanwhile',
  'regenerate',
  'new rights',
  'sign in ada',
  'sign in bob',
  'destroy'
] as const
type Deed = (typeof DEEDS)[number]

interface History {
  readonly requests: readonly (readonly Deed[])[]
  /** Which of those that wait goes on next. */
  readonly order: readonly number[]
}

/** What was answered. */
interface Told {
  status: number
  hasCookie: boolean
  /** The record that the request's cookie named, and whose it was then. */
  start: string | undefined
  startUser: string | undefined
  /** What was said to be saved. */
  readonly saved: Set<string>
  readonly shown: string[]
  readonly taken: Set<string>
}

/** Everybody waits here, and goes on one by one. */
class Steps {
  readonly #waiting: (() => void)[] = []

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async run(order: readonly number[], work: Promise<unknown>): Promise<void> {
    let isDone = false
    const ending = work.finally(() => {
      isDone = true
    })
    for (let step = 0; !isDone; step++) {
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
      if (this.#waiting.length > 0) this.#waiting.splice((order[step] ?? 0) % this.#waiting.length, 1)[0]?.()
    }
    await ending
  }
}

const schema = z.object({ words: z.array(z.string()).default([]) })
type Login = Session<typeof schema, { notice: z.ZodString }>

/** Which request is at the store. */
const current = new AsyncLocalStorage<number>()

interface Link {
  readonly to: string
  readonly isCut: boolean
  readonly by: number | undefined
}

/**
 * @param passes whether a request may change a record of this user although its own id was cut off from it
 * @param told by request
 */
function gated(
  steps: () => Steps | undefined,
  told: () => readonly Told[],
  passes: (request: number, user: string | undefined) => boolean
) {
  const engine = memoryStore()
  const ids = new Set<string>()
  const links = new Map<string, Link>()
  const trespasses: string[] = []
  const recordOf = (id: string) => JSON.parse((engine.read(id) as StoredRecord | undefined)?.text ?? '{}')

  function watch(id: string, text: string): void {
    const request = current.getStore()
    const next = JSON.parse(text)
    if (request === undefined || !('c' in next)) return
    const user = recordOf(id).s ?? next.s
    let at = told()[request]?.start
    let isCut = false
    while (at !== undefined && at !== id) {
      const link = links.get(at)
      isCut ||= link?.isCut === true && link.by !== request
      at = link?.to
    }
    if (at === id && isCut && !passes(request, user)) trespasses.push(`${request} changes what it was cut off from`)
    if (next.n) links.set(id, { to: next.n[0], isCut: next.n[3] !== undefined, by: request })
  }

  const store: Record<string, unknown> = { kind: 'record', capabilities: engine.capabilities }
  for (const method of ['read', 'create', 'update', 'touch', 'remove'] as const) {
    const original = engine[method] as (...args: unknown[]) => unknown
    store[method] = async (...args: unknown[]) => {
      if (method === 'create') ids.add(args[0] as string)
      await steps()?.wait()
      const mine = told()[current.getStore() ?? -1]
      if (method === 'read' && mine !== undefined && mine.start === undefined) {
        mine.start = args[0] as string
        mine.startUser = recordOf(mine.start).s
      }
      const [id, text, , version] = args as [string, string, number, unknown]
      const isCurrent = (engine.read(id) as StoredRecord | undefined)?.version === version
      if (method === 'update' && isCurrent) watch(id, text)
      return original.apply(engine, args)
    }
  }
  /** The sessions that live. */
  const live = () =>
    [...ids].flatMap((id) => {
      const { text = '{}' } = (engine.read(id) as StoredRecord | undefined) ?? {}
      const record = JSON.parse(text)
      if (!('c' in record) || record.n || record.x) return []
      return [{ id, subject: record.s, words: record.p?.words ?? [], notices: noticesOf(record.f?.notice ?? []) }]
    })
  return { store: store as unknown as RecordStore, live, trespasses }
}

const noticesOf = (stored: readonly string[]) => stored.filter((_, index) => index % 2 === 1)

const has = (history: History, ...deeds: readonly Deed[]) =>
  history.requests.some((request) => request.some((deed) => deeds.includes(deed)))

t.test('whatever overlapping requests do, what was answered holds', async (t) => {
  const { random } = Math
  // Who lost a race waits for a time by chance.
  Math.random = () => 0
  t.teardown(() => {
    Math.random = random
  })
  let steps: Steps | undefined
  let told: readonly Told[] = []
  let plans: History['requests'] = []
  const passes = (request: number, user: string | undefined) =>
    plans[request]?.some((deed) => deed === `sign in ${user}`) === true
  const newStore = () =>
    gated(
      () => steps,
      () => told,
      passes
    )
  let { store, live, trespasses } = newStore()
  const relay = Object.fromEntries(
    ['read', 'create', 'update', 'touch', 'remove'].map((method) => [
      method,
      (...args: never[]) => (store[method as 'read'] as (...args: never[]) => unknown)(...args)
    ])
  )
  const app = await buildApp(t, {
    stores: { memory: { kind: 'record', ...relay } as unknown as RecordStore },
    sessions: { login: { store: 'memory', schema, flash: { notice: z.string() } } }
  })
  app.get('/start', async (request) => {
    const login = request.session('login').set('words', ['start'])
    login.flash('notice', 'hello')
  })
  app.get('/run/:index', async (request) => {
    const index = Number((request.params as { index: string }).index)
    await run(request.session('login') as unknown as Login, plans[index] ?? [], `${index}`, told[index] as Told)
  })
  app.get('/words', async (request) => request.session('login').get('words'))

  async function run(login: Login, deeds: readonly Deed[], name: string, mine: Told): Promise<void> {
    let pending: string[] = []
    let taken: string[] = []
    const deedOf: Readonly<Record<Deed, (word: string) => unknown>> = {
      update: (word) => {
        login.update('words', (words) => [...words, word])
        pending.push(word)
      },
      flash: (word) => {
        login.flash('notice', word)
        pending.push(word)
      },
      take: () => {
        const shown = login.flashes('notice')
        mine.shown.push(...shown)
        taken.push(...shown)
      },
      save: () => tell(login.save()),
      'save meanwhile': () => void tell(login.save()).catch(() => {}),
      regenerate: () => login.regenerate(),
      'new rights': () => login.regenerate({ newRights: true }),
      'sign in ada': () => login.regenerate().identify('ada'),
      'sign in bob': () => login.regenerate().identify('bob'),
      destroy: () => {
        login.destroy()
        pending = []
        taken = []
      }
    }
    const tell = async (saving: Promise<void>) => {
      const [words, notices] = [[...pending], [...taken]]
      await saving
      for (const word of words) mine.saved.add(word)
      for (const notice of notices) mine.taken.add(notice)
    }
    for (const [index, deed] of deeds.entries()) {
      await deedOf[deed](`${name}.${index}`)
      if (deed === 'save meanwhile') await steps?.wait()
    }
    Object.assign(mine, { ending: () => [pending, taken] })
  }

  async function play(history: History): Promise<Client> {
    steps = undefined
    told = []
    ;({ store, live, trespasses } = newStore())
    plans = history.requests
    const browser = new Client(app)
    await browser.get('/start')
    told = plans.map(() => ({
      status: 0,
      hasCookie: false,
      start: undefined,
      startUser: undefined,
      saved: new Set(),
      shown: [],
      taken: new Set()
    }))
    const going = new Steps()
    steps = going
    const visits = plans.map(async (_, index) => {
      await going.wait()
      const copy = browser.copy()
      const mine = told[index] as Told & { ending?: () => readonly [readonly string[], readonly string[]] }
      const response = await current.run(index, () => copy.get(`/run/${index}`))
      mine.status = response.statusCode
      mine.hasCookie = response.cookies.some(({ value }) => value !== '')
      const [words = [], notices = []] = response.statusCode === 200 ? (mine.ending?.() ?? []) : []
      for (const word of words) mine.saved.add(word)
      for (const notice of notices) mine.taken.add(notice)
      await going.wait()
      for (const { name, value, maxAge } of response.cookies) {
        if (maxAge === 0) browser.jar.delete(name)
        else browser.jar.set(name, value)
      }
    })
    await going.run(history.order, Promise.all(visits))
    steps = undefined
    return browser
  }

  const history: fc.Arbitrary<History> = fc.record({
    requests: fc.array(fc.array(fc.constantFrom(...DEEDS), { minLength: 1, maxLength: 4 }), {
      minLength: 2,
      maxLength: 3
    }),
    order: fc.array(fc.nat(5), { maxLength: 60 })
  })

  const property = fc.asyncProperty(history, async (history) => {
    const browser = await play(history)
    const isCut = has(history, 'new rights', 'sign in ada', 'sign in bob')
    const sessions = live()
    const problems: string[] = []
    const expect = (isSo: boolean, what: string) => {
      if (!isSo) problems.push(what)
    }
    for (const { status } of told) expect(status === 200 || (isCut && status === 409), `a ${status}`)
    for (const { shown } of told) expect(new Set(shown).size === shown.length, `shown twice by one request: ${shown}`)

    problems.push(...trespasses)
    for (const [index, { status, hasCookie, startUser }] of told.entries()) {
      const deeds = history.requests[index] ?? []
      const last = deeds.findLast((deed) => deed.startsWith('sign in'))
      const isIn = last !== undefined && last !== `sign in ${startUser}` && !has(history, 'destroy')
      if (isIn && status === 200) expect(hasCookie, 'a sign-in without a cookie')
    }

    const ofStart = sessions.filter(({ words }) => words.includes('start'))
    if (has(history, 'destroy')) expect(ofStart.length <= (isCut ? 1 : 0), 'a session that was ended is back')
    else expect(sessions.length === 1, `${sessions.length} sessions of one browser`)

    for (const user of ['ada', 'bob']) {
      const listed = (await app.sessions.of(user)).map(({ id }) => id)
      const theirs = sessions.filter(({ subject }) => subject === user).map(({ id }) => id)
      expect(
        `${listed.sort()}` === `${theirs.sort()}`,
        `${user} has ${theirs.length} sessions, ${listed.length} listed`
      )
    }

    const [only] = sessions
    if (!has(history, 'destroy') && only !== undefined) {
      const { words, notices } = only
      const shown = new Set(told.flatMap((each) => each.shown))
      for (const { saved, taken } of told) {
        for (const word of saved)
          expect(words.includes(word) || notices.includes(word) || shown.has(word), `lost ${word}`)
        for (const notice of taken) expect(!notices.includes(notice), `${notice} comes back`)
      }
      expect(notices.includes('hello') || shown.has('hello'), 'lost the first message')
      expect(new Set([...words, ...notices]).size === words.length + notices.length, 'something is there twice')
      const isTogether = told.every(({ start }) => start === told[0]?.start)
      const isOneUser = !has(history, 'regenerate', 'new rights', 'sign in bob') && isTogether
      const isOnce = history.requests.every((deeds) => deeds.filter((deed) => deed === 'sign in ada').length <= 1)
      if (!isCut || (isOneUser && isOnce))
        expect(`${await browser.json('/words')}` === `${words}`, 'the browser has another session')
    }
    if (problems.length > 0) throw new Error(problems.join('; '))
  })
  await t.resolves(fc.assert(property, { seed, numRuns: RUNS, includeErrorInReport: true }))
})
