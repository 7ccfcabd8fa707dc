import t, { type Test } from 'tap'
import { expressSession } from '../../lib/from/express-session.js'
import { ironSession } from '../../lib/from/iron-session.js'
import { type From, memoryStore } from '../../lib/index.js'
import { clock, gate } from '../client.js'
import { Browser } from './browser.js'
import { newApp } from './new-app.js'
import { type Old, type OldPlugin, plugins, SECRETS } from './old-apps.js'

const unique = plugins.filter(({ isUnique }) => isUnique)
const pluginOf = (name: string) => plugins.find((plugin) => plugin.name === name) as OldPlugin
const all = ({ user = '', visits = 0 }: Old) => ({ user, visits })

async function visitor(t: Test, plugin: OldPlugin) {
  const old = await plugin.open(t)
  const browser = new Browser()
  await browser.get(old, '/sign-in/ada')
  return { old, browser, came: browser.copy() }
}

/** An app whose route `/slow` counts, and waits before it answers until it is let go. */
async function slowApp(
  t: Test,
  from: From<{ user: string; visits: number }>,
  options: { readonly store?: string } = {}
) {
  const [arrived, goOn] = [gate(), gate()]
  const app = await newApp(t, { from: [from], ...options }, {}, (app) => {
    app.get('/slow', async (request) => {
      request.session('login').update('visits', (visits) => Number(visits) + 10)
      arrived.open()
      await goOn.opened
      return 'slow'
    })
    app.get('/slow-read', async (request) => {
      const user = request.session('login').get('user')
      arrived.open()
      await goOn.opened
      return JSON.stringify(user ?? null)
    })
  })
  return { app, arrived, goOn }
}

for (const plugin of unique) {
  t.test(`from ${plugin.name} to a record store`, async (t) => {
    t.test('parallel first requests change one session, and no change is lost', async (t) => {
      const { old, browser, came } = await visitor(t, plugin)
      const { app, arrived, goOn } = await slowApp(t, old.from(all, { keepOld: true }))
      const other = came.copy()
      const slow = other.get(app, '/slow')
      await arrived.opened
      await browser.get(app, '/visit')
      goOn.open()
      await slow
      t.equal(await browser.json(app, '/visits'), 12)
      t.equal(await other.json(app, '/visits'), 12, 'whichever answer the browser kept')
    })

    t.test('a slow first request cannot bring back what was signed out meanwhile', async (t) => {
      const { old, browser, came } = await visitor(t, plugin)
      const { app, arrived, goOn } = await slowApp(t, old.from(all, { keepOld: true }))
      const slow = came.get(app, '/slow')
      await arrived.opened
      await browser.get(app, '/me')
      await browser.get(app, '/sign-out')
      goOn.open()
      await slow
      t.equal(await came.json(app, '/me'), null)
      t.equal(await browser.json(app, '/me'), null)
    })

    t.test('nor can it where the sign-out came with the first request', async (t) => {
      const { old, browser, came } = await visitor(t, plugin)
      const { app, arrived, goOn } = await slowApp(t, old.from(all, { keepOld: true }))
      const slow = came.get(app, '/slow')
      await arrived.opened
      await browser.get(app, '/sign-out')
      goOn.open()
      await slow
      t.equal(await came.json(app, '/me'), null)
    })

    t.test('a sign-out with the first request ends what a parallel one carried over', async (t) => {
      const { old, browser, came } = await visitor(t, plugin)
      const { app, arrived, goOn } = await slowApp(t, old.from(all, { keepOld: true }))
      const slow = came.copy().get(app, '/slow-read')
      await arrived.opened
      await browser.get(app, '/me')
      t.equal(await browser.json(app, '/me'), 'ada')
      await came.get(app, '/sign-out')
      goOn.open()
      await slow
      t.equal(await browser.json(app, '/me'), null)
    })

    t.test('a sign-in with a new id is not undone by a parallel first request', async (t) => {
      const { old, browser, came } = await visitor(t, plugin)
      const { app, arrived, goOn } = await slowApp(t, old.from(all, { keepOld: true }))
      const slow = came.get(app, '/slow-read')
      await arrived.opened
      await browser.get(app, '/sign-in/bob')
      goOn.open()
      await slow
      t.notOk(came.jar.has('new'), 'the browser keeps the cookie of the sign-in')
      t.equal(await browser.json(app, '/me'), 'bob')
    })
  })
}

t.test('from cookie-session: who only reads beside a change leaves the browser the changed session', async (t) => {
  for (const store of ['cookie', 'memory']) {
    const { old, browser, came } = await visitor(t, pluginOf('cookie-session'))
    const { app, arrived, goOn } = await slowApp(t, old.from(all), { store })
    const slow = came.get(app, '/slow-read')
    await arrived.opened
    await browser.get(app, '/visit')
    goOn.open()
    t.equal((await slow).body, '"ada"')
    t.notOk(came.jar.has('new'))
    t.equal(await browser.json(app, '/visits'), 2)
  }
})

t.test('from cookie-session: two visitors with the same cookie get a session each', async (t) => {
  const { old, browser, came } = await visitor(t, pluginOf('cookie-session'))
  const app = await newApp(t, { from: [old.from(all)] })
  await browser.get(app, '/visit')
  await came.get(app, '/visit')
  await came.get(app, '/visit')
  t.same([await browser.json(app, '/visits'), await came.json(app, '/visits')], [2, 3])
})

t.test('an old session that has arrived is not brought back by its cookie', async (t) => {
  const plugin = pluginOf('@fastify/secure-session')
  const subject = ({ user }: Old) => user

  t.test('when its user was signed out everywhere', async (t) => {
    const { old, browser, came } = await visitor(t, plugin)
    const app = await newApp(t, { from: [old.from(all, { keepOld: true, subject })] })
    t.equal(await browser.json(app, '/me'), 'ada')
    t.hasStrict(await app.app.sessions.of('ada'), [{ name: 'login' }])
    t.equal(await app.app.sessions.revoke('ada'), 1)
    t.equal(await browser.json(app, '/me'), null)
    t.equal(await came.json(app, '/me'), null)
    t.same(await app.app.sessions.of('ada'), [])
  })

  t.test('when its time without use is over', async (t) => {
    const { old, browser, came } = await visitor(t, plugin)
    const time = clock(t)
    const app = await newApp(t, { idle: 60, touchAfter: 1, from: [old.from(all, { keepOld: true })] })
    t.equal(await browser.json(app, '/me'), 'ada')
    time.pass(61_000)
    t.equal(await browser.json(app, '/me'), null)
    t.equal(await came.json(app, '/me'), null)
  })

  t.test('when it has another id by now', async (t) => {
    const { old, browser, came } = await visitor(t, plugin)
    const time = clock(t)
    const app = await newApp(t, { from: [old.from(all, { keepOld: true })] })
    await browser.get(app, '/me')
    await browser.get(app, '/sign-in/bob')
    time.pass(20_000)
    t.equal(await came.json(app, '/me'), null)
    t.equal(await browser.json(app, '/me'), 'bob')
  })

  t.test('but it is there for a browser that never got the answer', async (t) => {
    const { old, browser, came } = await visitor(t, plugin)
    const app = await newApp(t, { from: [old.from(all)] })
    await browser.get(app, '/visit')
    await came.get(app, '/visit')
    t.same([...came.jar.keys()], ['new'])
    t.equal(await came.json(app, '/visits'), 3)
  })
})

t.test('a session lives as long as the definition says, from when it arrived', async (t) => {
  const { old, browser } = await visitor(t, pluginOf('iron-session'))
  const time = clock(t)
  const app = await newApp(t, { absolute: 120, idle: 120, from: [old.from(all, { persist: () => 100_000 })] })
  const { setCookie } = await browser.get(app, '/me')
  t.match(setCookie[0], /^new=.*; Max-Age=120;/)
  time.pass(119_000)
  t.equal(await browser.json(app, '/me'), 'ada')
  time.pass(2000)
  t.equal(await browser.json(app, '/me'), null)
})

t.test('a session is remembered, or not, as the app says of the old one', async (t) => {
  for (const [persist, expected] of [
    [3600, /; Max-Age=3600;/],
    [false, /^(?!.*Max-Age)/]
  ] as const) {
    const { old, browser } = await visitor(t, pluginOf('iron-session'))
    const app = await newApp(t, {
      cookie: { name: 'new', maxAge: 60 },
      from: [old.from(all, { persist: () => persist })]
    })
    t.match((await browser.get(app, '/me')).setCookie[0], expected)
  }
})

t.test('a session of ours goes before an old one', async (t) => {
  const { old, browser } = await visitor(t, pluginOf('iron-session'))
  const app = await newApp(t, { from: [old.from(all, { keepOld: true })] })
  await browser.get(app, '/sign-in/bob')
  await browser.get(old, '/sign-in/eve')
  t.equal(await browser.json(app, '/me'), 'bob')
})

t.test('two old plugins: the first whose session is good', async (t) => {
  const [iron, secure] = await Promise.all([
    visitor(t, pluginOf('express-session')),
    visitor(t, pluginOf('@fastify/secure-session'))
  ])
  await secure.browser.get(secure.old, '/sign-in/bob')
  const from = [iron.old.from(all), secure.old.from(all)]
  const both = new Browser([...iron.browser.jar, ...secure.browser.jar])
  const app = await newApp(t, { from })
  t.equal(await both.json(app, '/me'), 'ada')
  t.same([...both.jar.keys()].sort(), ['new', 'old'])
  t.equal(await secure.browser.json(app, '/me'), 'bob')
  await both.get(app, '/sign-out')
  t.same([...both.jar.keys()], [], 'a sign-out ends both')
})

t.test('an old store that fails is a store that fails', async (t) => {
  const { browser } = await visitor(t, pluginOf('express-session'))
  const store = {
    get: (_id: string, done: (error: Error) => void) => done(new Error('out of reach')),
    destroy: (_id: string, done: (error: Error) => void) => done(new Error('out of reach'))
  }
  const from = [expressSession({ secret: SECRETS, store }, all)]
  const failing = await newApp(t, { from })
  const { status, setCookie } = await browser.get(failing, '/me')
  t.same([status, setCookie], [503, []])
  t.equal((await browser.get(failing, '/none')).status, 200)
  const empty = await newApp(t, { from, onStoreError: 'empty' })
  t.equal((await browser.get(empty, '/me')).body, 'null')
})

t.test('a sign-out that the old store does not do is an error, and the browser may try again', async (t) => {
  const { browser } = await visitor(t, pluginOf('express-session'))
  let isBroken = false
  const store = {
    get: (_id: string, done: (error: unknown, session: object) => void) => done(null, { cookie: {}, user: 'ada' }),
    destroy: (_id: string, done: (error?: Error) => void) => (isBroken ? done(new Error('out of reach')) : done())
  }
  const app = await newApp(t, { from: [expressSession({ secret: SECRETS, store }, all, { keepOld: true })] })
  t.equal(await browser.json(app, '/me'), 'ada')
  isBroken = true
  const { status, setCookie, body } = await browser.get(app, '/sign-out')
  t.same([status, setCookie], [503, []])
  t.notMatch(body, /out of reach/)
  t.equal(await browser.json(app, '/me'), null)
  isBroken = false
  t.equal((await browser.get(app, '/sign-out')).status, 200)
  t.same([...browser.jar.keys()], [])
})

t.test('a session that is carried over stays in an old store that fails to end it', async (t) => {
  const { browser } = await visitor(t, pluginOf('express-session'))
  const store = {
    get: (_id: string, done: (error: unknown, session: object) => void) => done(null, { cookie: {}, user: 'ada' }),
    destroy: (_id: string, done: (error?: Error) => void) => done(new Error('out of reach'))
  }
  const app = await newApp(t, { from: [expressSession({ secret: SECRETS, store }, all)] })
  t.equal(await browser.json(app, '/me'), 'ada')
  t.same([...browser.jar.keys()], ['new'])
  t.match(
    app.log.filter(({ level, peer }) => level === 40 && peer !== undefined),
    [{ session: 'login', peer: 'express-session', msg: /stays in its old store/ }]
  )
})

t.test('a store that fails while a session arrives costs who only reads nothing', async (t) => {
  const { old, browser } = await visitor(t, pluginOf('iron-session'))
  let isBroken = true
  const store = memoryStore()
  const { create } = store
  Object.assign(store, {
    create: (...record: Parameters<typeof create>) => {
      if (isBroken) throw new Error('out of reach')
      return create.call(store, ...record)
    }
  })
  const app = await newApp(t, { from: [old.from(all)] }, { stores: { memory: store } })
  const { status, body, setCookie } = await browser.get(app, '/me')
  t.same([status, body, setCookie], [200, '"ada"', []])
  t.equal((await browser.get(app, '/visit')).status, 503)
  isBroken = false
  t.equal(await browser.json(app, '/me'), 'ada')
  t.ok(browser.jar.has('new'))
})

t.test('load(): a session that is loaded by hand arrives by hand', async (t) => {
  for (const store of ['cookie', 'memory']) {
    const { old, browser } = await visitor(t, pluginOf('iron-session'))
    const app = await newApp(t, { store, load: 'manual', from: [old.from(all)] }, {}, (app) => {
      app.get('/loaded', async (request) => {
        const login = await request.session('login').load()
        return JSON.stringify(login.get('user') ?? null)
      })
    })
    t.equal((await browser.get(app, '/me')).status, 500)
    t.equal(await browser.json(app, '/loaded'), 'ada')
    t.ok(browser.jar.has('new'))
  }
})

t.test('save() before the first byte carries a session over that is streamed then', async (t) => {
  const { old, browser } = await visitor(t, pluginOf('iron-session'))
  const app = await newApp(t, { from: [old.from(all)] }, {}, (app) => {
    app.get('/stream', async (request, reply) => {
      reply.hijack()
      await request.session('login').save()
      reply.raw.writeHead(200).end('streamed')
    })
  })
  t.equal((await browser.get(app, '/stream')).body, 'streamed')
  t.same([...browser.jar.keys()], ['new'])
  t.equal(await browser.json(app, '/me'), 'ada')
})

t.test('an old cookie is cleared where it was set', async (t) => {
  const { browser } = await visitor(t, pluginOf('iron-session'))
  const [newer = '', older = ''] = SECRETS
  const options = {
    cookieName: 'old',
    password: { 1: older, 2: newer },
    cookieOptions: { path: '/shop', domain: 'example.org', sameSite: 'none' }
  }
  const app = await newApp(t, { from: [ironSession(options, all)] })
  const { setCookie } = await browser.get(app, '/me')
  t.equal(
    setCookie.find((text) => text.startsWith('old=')),
    'old=; Max-Age=0; Domain=example.org; Path=/shop; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None'
  )
})
