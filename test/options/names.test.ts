import t from 'tap'
import { checkDefinition, checkOptions } from '../../lib/options/names.js'
import { refusal } from './refusal.js'

const SHARED =
  'idle, absolute, touchAfter, rolling, grace, onStoreError, saveOnError, invalidValueStatus, flashOnPrefetch, maxBytes, cookie'
const PLUGIN =
  'keys, sessions, default, app, stores, sweepInterval, watchInterval, startWithout, clearMarker, history, ' +
  `prefix, logLevel, logSerializers, ${SHARED}`
const DEFINITION = `schema, flash, store, seal, chunks, load, version, migrate, onInvalid, merge, limit, from, ${SHARED}`
const COOKIE = 'path, domain, secure, httpOnly, sameSite, maxAge, partitioned, priority'

const ofPlugin = (options: object) => refusal(() => checkOptions(options))
const ofDefinition = (definition: object) => refusal(() => checkDefinition('cart', definition))

t.test('a misspelt option is refused with all that there are', async (t) => {
  t.equal(ofPlugin({ misspelt: 1 }), `there is no option "misspelt"; there are ${PLUGIN}`)
  t.equal(ofPlugin({ cookie: { misspelt: 1 } }), `cookie: there is no option "misspelt"; there are ${COOKIE}`)
  t.equal(ofDefinition({ misspelt: 1 }), `session "cart": there is no option "misspelt"; there are ${DEFINITION}`)
  t.equal(
    ofDefinition({ cookie: { misspelt: 1 } }),
    `session "cart": cookie: there is no option "misspelt"; there are name, ${COOKIE}`
  )
})

t.test('each option that there is is let in, also without a value', async (t) => {
  for (const option of PLUGIN.split(', ')) t.equal(ofPlugin({ [option]: undefined }), undefined, option)
  for (const option of DEFINITION.split(', ')) t.equal(ofDefinition({ [option]: undefined }), undefined, option)
  for (const attribute of COOKIE.split(', ')) {
    t.equal(ofPlugin({ cookie: { [attribute]: 1 } }), undefined, attribute)
    t.equal(ofDefinition({ cookie: { [attribute]: 1, name: 'sid' } }), undefined, attribute)
  }
})

t.test('attributes of cookies are an object', async (t) => {
  for (const [cookie, got] of [
    ['sid', 'string'],
    [true, 'boolean'],
    [[], 'object'],
    [null, 'object']
  ]) {
    t.equal(ofPlugin({ cookie }), `cookie: expected an object of attributes, got ${got}`)
    t.equal(ofDefinition({ cookie }), `session "cart": cookie: expected an object of attributes, got ${got}`)
  }
})

t.test('the name of the app is a text that says something', async (t) => {
  for (const app of ['shop', ' ', undefined]) t.equal(ofPlugin({ app }), undefined)
  t.equal(ofPlugin({ app: '' }), 'app: expected a non-empty string, got an empty one')
  t.equal(ofPlugin({ app: 1 }), 'app: expected a non-empty string, got number')
  t.equal(ofPlugin({ app: null }), 'app: expected a non-empty string, got object')
})

t.test('sweeping may be seldom, but not more seldom than a timer can wait', async (t) => {
  const expected = 'sweepInterval: expected seconds from 0 to 1209600 (14 days; 0 switches sweeping off), got'
  for (const sweepInterval of [0, 0.5, 1_209_600]) t.equal(ofPlugin({ sweepInterval }), undefined)
  t.equal(ofPlugin({ sweepInterval: -1 }), `${expected} -1`)
  t.equal(ofPlugin({ sweepInterval: '10m' }), `${expected} the text "10m"`)
  t.equal(ofPlugin({ sweepInterval: 1_209_601 }), `${expected} 1209601: seconds, not milliseconds? Then write 1209.601`)
})

t.test('what merges is a function', async (t) => {
  t.equal(ofDefinition({ merge: { n: () => 1, m: (it: unknown) => it } }), undefined)
  t.equal(ofDefinition({ merge: { n: () => 1, m: 'theirs' } }), 'session "cart": merge: m: expected a function')
})

t.test('a step of a migration is a function, or two', async (t) => {
  const it = () => ({})
  const of = (step: unknown) => ofDefinition({ migrate: { 1: it, 2: step } })
  for (const step of [it, { up: it }, { up: it, down: it }, { up: it, down: undefined }]) t.equal(of(step), undefined)
  const at = 'session "cart": migrate: 2'
  for (const step of [null, 1, 'up', [it]]) t.equal(of(step), `${at}: expected a function, or { up, down } of two`)
  for (const step of [{}, { down: it }, { up: 1 }]) t.equal(of(step), `${at}: up: expected a function`)
  for (const down of [null, 1, 'down', {}]) t.equal(of({ up: it, down }), `${at}: down: expected a function`)
  t.equal(of({ up: it, back: it }), `${at}: there is no option "back"; there are up, down`)
})
