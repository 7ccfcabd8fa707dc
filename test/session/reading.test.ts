import t from 'tap'
import { z } from 'zod'
import type { SessionRecord } from '../../lib/records/record.js'
import { endOf } from '../../lib/session/lifetime.js'
import { carry, readStored, withoutMessage } from '../../lib/session/migrate.js'
import type { Definition } from '../../types/options.js'
import { log, registryOf } from './registry.js'

const schema = z.object({ n: z.string() })
const definitionOf = (more: Partial<Definition>) => registryOf({ schema, ...more }).find('kept')
const written = (record: SessionRecord) => ({ text: JSON.stringify(record), record })
const migrate = { 1: (payload: unknown) => ({ n: `migrated ${(payload as { n: unknown }).n}` }) }

t.test('only a record that is read as it was written can lend its text', async (t) => {
  const definition = definitionOf({ version: 2, migrate })
  const present = written({ c: 1, v: 2, p: { n: 'x' } })
  t.strictSame(readStored(definition, present, log), {
    payload: { n: 'x' },
    data: { n: 'x' },
    version: 2,
    written: present
  })
  const older = written({ c: 1, p: { n: 1 } })
  const payload = { n: 'migrated 1' }
  t.strictSame(readStored(definition, older, log), { payload, data: payload, version: 2 })
  t.same(older.record.p, { n: 1 })
})

t.test('a record without values fits each schema, and is read with no step and no mending', async (t) => {
  const never = () => {
    throw new Error('not asked')
  }
  for (const onInvalid of ['throw', never] as const) {
    const definition = definitionOf({ version: 2, migrate: { 1: never }, onInvalid })
    for (const record of [{ c: 1 }, { c: 1, p: {} }, { c: 1, v: 2, p: {} }]) {
      t.strictSame(carry(definition, record), { payload: {}, data: {}, version: 2 })
      t.strictSame(readStored(definition, written(record), log), { payload: {}, data: {}, version: 2 })
    }
  }
})

t.test('what fits is not mended', async (t) => {
  let asked = 0
  const onInvalid = () => {
    asked++
    return { n: 'mended' }
  }
  const definition = definitionOf({ onInvalid })
  t.strictSame(carry(definition, { c: 1, p: { n: 'x' } }), { payload: { n: 'x' }, data: { n: 'x' }, version: 1 })
  t.equal(asked, 0)
  t.hasStrict(carry(definition, { c: 1, p: { n: 1 } }), {
    mended: { payload: { n: 'mended' }, data: { n: 'mended' }, version: 1 }
  })
  t.equal(asked, 1)
})

t.test('an error without a stack has none in the log', async (t) => {
  const bare = Object.assign(new Error('41'), { stack: undefined })
  t.equal(withoutMessage(bare)?.stack, 'Error\n')
})

t.test('a session has ended by the lifetime that passed first', async (t) => {
  for (const [end, by, at] of [
    [3000, 'idle', 3000],
    [10_999, 'idle', 10_999],
    [11_000, 'absolute', 11_000],
    [20_000, 'absolute', 11_000]
  ] as const) {
    t.same(endOf(1000, end, 10_000), { by, at })
  }
})
