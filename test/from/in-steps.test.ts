import t from 'tap'
import { memoryStore } from '../../lib/index.js'
import { Browser } from './browser.js'
import { newApp } from './new-app.js'
import { type OldPlugin, plugins } from './old-apps.js'

const expressSession = plugins.find(({ name }) => name === 'express-session') as OldPlugin

t.test(
  'an app moves from express-session step by step, is rolled back on the way, and nobody is signed out',
  async (t) => {
    const old = await expressSession.open(t)
    const [early, late, lost, absent] = [new Browser(), new Browser(), new Browser(), new Browser()]
    const everybody = { early, late, lost, absent }
    for (const [user, browser] of Object.entries(everybody)) await browser.get(old, `/sign-in/${user}`)
    const memory = memoryStore({ maxRecords: 1000 })
    // Of an app that is replaced, the store lives on.
    const store = Object.assign(memory, { close: () => {} })
    const map = ({ user = '', visits = 0 }) => ({ user, visits })
    const deploy = (name: string, from?: { readonly keepOld: boolean }) =>
      newApp(
        t,
        { cookie: { name, secure: false }, ...(from && { from: [old.from(map, from)] }) },
        { stores: { memory: store } }
      )

    const first = await deploy('first', { keepOld: true })
    t.equal(await early.json(first, '/me'), 'early')
    await early.get(first, '/visit')
    t.equal(await lost.json(first, '/me'), 'lost')
    await lost.get(first, '/sign-out')
    t.equal(await absent.json(first, '/me'), 'absent')

    // Rolled back: who did not come to the new app, and who did, is signed in; who signed out is not.
    t.equal(await early.json(old, '/me'), 'early')
    t.equal(await late.json(old, '/me'), 'late')
    t.equal(await lost.json(old, '/me'), null)
    await absent.get(old, '/sign-out')
    await absent.get(old, '/sign-in/another')

    // Forward again, under another name.
    const second = await deploy('second', { keepOld: true })
    t.equal(await early.json(second, '/me'), 'early')
    t.equal(await lost.json(second, '/me'), null)
    t.equal(await absent.json(second, '/me'), 'another', 'whoever signed in to the old app meanwhile')

    const third = await deploy('second', { keepOld: false })
    for (const [user, browser] of Object.entries({ early, late, another: absent })) {
      t.equal(await browser.json(third, '/me'), user)
    }
    t.equal(old.kept(), 2, 'those of who came before, for whom their cookies are left')
    t.notOk(late.jar.has('connect.sid'))

    const last = await deploy('second')
    for (const [user, browser] of Object.entries({ early, late, another: absent })) {
      t.equal(await browser.json(last, '/me'), user)
    }
    t.equal(await lost.json(last, '/me'), null)
  }
)
