import t from 'tap'
import { memoryStore } from '../../lib/index.js'
import { isCookieSeal } from '../../lib/options/seal.js'
import { checkStore } from '../../lib/options/store.js'
import type { Store } from '../../types/store.js'
import { refusal } from './refusal.js'

const REQUIRED = ['read', 'create', 'update', 'touch', 'remove']
const OPTIONAL = ['readMany', 'saveMany', 'list', 'setup', 'clear', 'sweep', 'close']
const methods = Object.fromEntries(REQUIRED.map((name) => [name, () => undefined]))
const sound = { kind: 'record', ...methods }
const check = (store: unknown) => refusal(() => checkStore('mine', store as Store))

t.test('a store is what a store function returns', async (t) => {
  for (const store of [memoryStore(), sound, { kind: 'cookie' }]) t.equal(check(store), undefined)
  for (const store of [undefined, null, {}, 'memory', methods, { ...sound, kind: 'records' }]) {
    t.equal(
      check(store),
      'stores: "mine" is not a store: expected what a store function returns, such as fileStore({…})'
    )
  }
  t.equal(check(Promise.resolve(sound)), 'stores: "mine" is a promise: await it')
})

t.test('a store lacks no method that it needs, and has none that is no function', async (t) => {
  for (const name of REQUIRED) {
    for (const wrong of [undefined, true]) {
      t.equal(
        check({ ...sound, [name]: wrong }),
        `stores: "mine" has no ${name}(): a record store has read(), create(), update(), touch(), remove()`
      )
    }
  }
  for (const name of OPTIONAL) {
    for (const it of [undefined, () => undefined]) t.equal(check({ ...sound, [name]: it }), undefined, name)
    for (const wrong of [true, null]) {
      t.equal(check({ ...sound, [name]: wrong }), `stores: "mine" has a ${name} that is not a function`)
    }
  }
})

t.test('another way to seal is what one of its functions returns', async (t) => {
  t.equal(isCookieSeal({ kind: 'seal' }), true)
  for (const seal of ['encrypt', 'seal', null, undefined, {}, { kind: 'other' }, () => 'seal']) {
    t.equal(isCookieSeal(seal), false)
  }
})
