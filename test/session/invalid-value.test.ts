import t from 'tap'
import { z } from 'zod'
import { MISSING } from '../../lib/schema/codec.js'
import { invalidMessage, invalidValue, misuse, unknownKey } from '../../lib/session/invalid-value.js'
import { registryOf } from './registry.js'

const strict = registryOf({ schema: z.object({ n: z.number() }), invalidValueStatus: 422 }).find('kept')
const open = registryOf({ schema: z.record(z.string(), z.number()), invalidValueStatus: 422 }).find('kept')
const wrong = { path: ['n'], message: 'expected a number' }
const whole = { path: [], message: 'too much' }
const missing = { path: ['n'], message: MISSING }
const unknown = { path: ['m'], message: 'no such key' }

t.test('for a wrong value the client is to blame, for a missing or unknown key the app is', async (t) => {
  for (const [definition, issues, status] of [
    [strict, [wrong], 422],
    [strict, [whole], 422],
    [strict, [missing], 500],
    [strict, [unknown], 500],
    [strict, [wrong, missing], 500],
    [strict, [unknown, wrong], 500],
    [open, [unknown], 422],
    [open, [unknown, missing], 500]
  ] as const) {
    const { statusCode, issues: told } = invalidValue(definition, issues)
    t.equal(statusCode, status, JSON.stringify(issues))
    t.same(told, issues)
  }
  t.equal(invalidValue(strict, [whole], 'n').message, 'session "kept": n: too much')
  t.equal(invalidValue(strict, [whole], 'm').statusCode, 500)
})

t.test('each error tells the session, the key and the fault', async (t) => {
  for (const [error, message, status, path] of [
    [invalidMessage(strict, 'notice', [whole]), 'flash "notice": too much', 422, ['notice']],
    [unknownKey('kept', 'm', ['n', 'o']), 'm: the schema has no such key; it has n, o', 500, ['m']],
    [unknownKey('kept', 'm', []), 'm: the schema has no such key; it has none', 500, ['m']],
    [misuse('kept', 'n', 'not so'), 'n: not so', 500, ['n']]
  ] as const) {
    t.equal(error.message, `session "kept": ${message}`)
    t.same([error.statusCode, error.issues.map(({ path }) => path)], [status, [path]])
  }
})
