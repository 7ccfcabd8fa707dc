import t, { type Test } from 'tap'
import { clock } from '../client.js'
import { Browser } from './browser.js'
import { newApp } from './new-app.js'
import { type OldPlugin, plugins, SECRETS } from './old-apps.js'

/*
 * The real packages write the cookies; each case is tried with sessions on the cookie store and on a record store.
 */

for (const plugin of plugins) {
  for (const store of ['cookie', 'memory'] as const) {
    t.test(`from ${plugin.name} to a session on the ${store} store`, (t) => cases(t, plugin, store))
  }
}

function cases(t: Test, plugin: OldPlugin, store: 'cookie' | 'memory'): void {
  /** Somebody who has signed in to the old app. */
  async function visitor(t: Test, secrets?: readonly string[]) {
    const old = await plugin.open(t, secrets)
    const browser = new Browser()
    await browser.get(old, '/sign-in/ada')
    t.equal(await browser.json(old, '/me'), 'ada')
    return { old, browser, came: browser.copy() }
  }

  t.test('who was signed in stays signed in, and comes with the new cookie alone from then on', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] })
    t.equal(await browser.json(app, '/me'), 'ada')
    t.same([...browser.jar.keys()], ['new'])
    t.equal(old.kept(), 0)
    t.equal(await browser.json(app, '/me'), 'ada')
    t.same((await browser.get(app, '/me')).setCookie, [])
  })

  t.test('what the first request changes is kept', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '', visits = 0 }) => ({ user, visits }))] })
    await browser.get(app, '/visit')
    t.equal(await browser.json(app, '/visits'), 2)
    t.equal(await browser.json(app, '/me'), 'ada')
  })

  t.test('a sign-in with the first request goes on with what was carried over', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '', visits = 0 }) => ({ user, visits }))] })
    await browser.get(app, '/sign-in/bob')
    t.same([...browser.jar.keys()], ['new'])
    t.equal(await browser.json(app, '/me'), 'bob')
    t.equal(await browser.json(app, '/visits'), 1)
  })

  t.test('a request that asks for no session leaves the old one alone', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] })
    t.same((await browser.get(app, '/none')).setCookie, [])
    t.equal(await browser.json(old, '/me'), 'ada')
    t.equal(await browser.json(app, '/me'), 'ada')
  })

  t.test(
    'keepOld: after a roll-back the old app knows its visitor, and forwards again so does the new one',
    async (t) => {
      const { old, browser } = await visitor(t)
      const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }), { keepOld: true })] })
      await browser.get(app, '/visit')
      t.equal(await browser.json(old, '/me'), 'ada')
      t.equal(await browser.json(app, '/me'), 'ada')
      t.equal(await browser.json(app, '/visits'), 1)
    }
  )

  t.test('keepOld: signed out means signed out, in both apps', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }), { keepOld: true })] })
    t.equal(await browser.json(app, '/me'), 'ada')
    await browser.get(app, '/sign-out')
    t.same([...browser.jar.keys()], [])
    t.equal(old.kept(), 0)
    t.equal(await browser.json(app, '/me'), null)
    t.equal(await browser.json(old, '/me'), null)
  })

  t.test('a sign-out with the first request ends the old session', async (t) => {
    const { old, browser, came } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }), { keepOld: true })] })
    await browser.get(app, '/sign-out')
    t.same([...browser.jar.keys()], [])
    t.equal(old.kept(), 0)
    if (store === 'memory' && plugin.isUnique) t.equal(await came.json(app, '/me'), null, 'and no copy brings it back')
  })

  t.test('a cookie that was tampered with is refused, and one of another key', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] })
    const value = browser.jar.get(plugin.cookie) as string
    for (const at of [0, 3, Math.floor(value.length / 2), value.length - 4]) {
      const letter = value[at] === 'A' ? 'B' : 'A'
      const forged = new Browser([...browser.jar, [plugin.cookie, value.slice(0, at) + letter + value.slice(at + 1)]])
      t.equal(await forged.json(app, '/me'), null, `letter ${at}`)
      t.notOk(forged.jar.has('new'))
    }
    const stranger = await newApp(t, {
      store,
      from: [(await plugin.open(t, SECRETS.slice(1))).from(() => ({ user: 'x' }))]
    })
    t.equal(await browser.json(stranger, '/me'), null)
  })

  t.test('cookies that are malformed, or too long, are refused', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] })
    const long = 'A'.repeat(7000)
    const value = browser.jar.get(plugin.cookie) as string
    for (const bad of [
      '',
      '%',
      '%ff',
      's:',
      's%3A.',
      '.',
      ';',
      '%3B',
      '*',
      'Fe26.2*',
      `${value}.`,
      long,
      value + long,
      '"'
    ]) {
      const forged = new Browser([...browser.jar, [plugin.cookie, bad]])
      t.equal((await forged.get(app, '/me')).body, 'null', bad.slice(0, 20))
    }
    t.equal(await browser.json(app, '/me'), 'ada')
  })

  t.test('a cookie that is not good does not hide one of the same name that is', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] })
    const cookie = `${plugin.cookie}=planted; ${browser.cookie}`
    t.equal((await app.ask('/me', { cookie })).body, '"ada"')
  })

  t.test('what an older key signed is good', async (t) => {
    const { old, browser } = await visitor(t, SECRETS.slice(1))
    const rotated = await plugin.open(t)
    const app = await newApp(t, { store, from: [(old.kept() > 0 ? old : rotated).from(({ user = '' }) => ({ user }))] })
    t.equal(await browser.json(app, '/me'), 'ada')
  })

  t.test(
    'an old session that has ended is not carried over',
    { skip: plugin.lifetime === undefined && 'its cookies say of no end' },
    async (t) => {
      const { old, browser } = await visitor(t)
      const time = clock(t)
      const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] })
      time.pass((plugin.lifetime as number) + 1000)
      t.equal(await browser.json(app, '/me'), null)
    }
  )

  t.test('a session that the mapping does not want stays what it is', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from((): { user: string } | undefined => undefined)] })
    const { body, setCookie } = await browser.get(app, '/me')
    t.same([body, setCookie], ['null', []])
    t.equal(await browser.json(old, '/me'), 'ada')
  })

  t.test('a mapping that throws costs nobody a page, and the log tells, without what the session holds', async (t) => {
    const { old, browser } = await visitor(t)
    const map = ({ user }: { user?: string }): { user: string } => {
      throw new RangeError(`no such user: ${user}`)
    }
    const app = await newApp(t, { store, from: [old.from(map)] })
    const { status, body, setCookie } = await browser.get(app, '/me')
    t.same([status, body, setCookie], [200, 'null', []])
    const told = app.log.filter(({ level }) => level === 50)
    t.match(told, [{ session: 'login', peer: plugin.name, err: { name: 'RangeError', stack: /peers\.test/ } }])
    t.notMatch(JSON.stringify(told), /ada/)
    t.equal(await browser.json(old, '/me'), 'ada')
  })

  t.test('what does not fit the schema begins anew, as a stored session that does not fit', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(() => ({ user: 1 as unknown as string }))] })
    t.equal(await browser.json(app, '/problem'), 'schema')
    t.match(
      app.log.filter(({ level, issues }) => level === 40 && issues !== undefined),
      [{ session: 'login', issues: /^user: / }]
    )
    t.notOk(browser.jar.has('new'))
    t.equal(await browser.json(old, '/me'), 'ada')
    await browser.get(app, '/sign-in/bob')
    t.equal(await browser.json(app, '/me'), 'bob')
  })

  t.test('a response that tells of an error carries nothing over, the next one does', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] }, {}, (app) => {
      app.get('/fails', async (request) => {
        request.session('login').get('user')
        throw new Error('no luck')
      })
    })
    const { status, setCookie } = await browser.get(app, '/fails')
    t.same([status, setCookie], [500, []])
    t.equal(await browser.json(app, '/me'), 'ada')
  })

  t.test('a reply whose headers are sent carries nothing over yet', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] }, {}, (app) => {
      app.get('/stream', async (request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200).write('user: ')
        const login = request.session('login')
        reply.raw.write(String(login.get('user')))
        await login.save()
        reply.raw.end()
      })
    })
    const { body, setCookie } = await browser.get(app, '/stream')
    t.same([body, setCookie], ['user: ada', []])
    t.equal(await browser.json(old, '/me'), 'ada')
    t.equal(await browser.json(app, '/me'), 'ada')
    t.same([...browser.jar.keys()], ['new'])
  })

  t.test('none comes back that was there before all were cleared', async (t) => {
    const { old, browser } = await visitor(t)
    const app = await newApp(t, { store, from: [old.from(({ user = '' }) => ({ user }))] })
    await app.app.ready()
    await app.app.sessions.clear()
    t.equal(await browser.json(app, '/problem'), 'cleared')
    t.equal(await browser.json(app, '/me'), null)
  })

  t.end()
}
