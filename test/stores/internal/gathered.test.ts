import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { Gathered } from '../../../lib/stores/internal/gathered.js'
import { exactly } from '../../exactly.js'

test('what is read in one turn of the event loop is asked for at once, and each gets its own', async (t) => {
  const { asked, reads } = engine()
  const first = ['a', 'b', 'absent', 'a'].map((id) => reads.ask(id))
  const texts = (await Promise.all(first)).map((record) => record?.text)
  t.strictSame(texts, ['text of a', 'text of b', undefined, 'text of a'])
  t.strictSame(asked, [['a', 'b', 'absent', 'a']])
  await reads.ask('c')
  t.strictSame(asked.at(-1), ['c'])
})

test('what is read after the question went out is asked for anew: it may have changed since', async (t) => {
  const { asked, reads } = engine()
  const early = reads.ask('a')
  await nextTurn()
  const late = reads.ask('a')
  await Promise.all([early, late])
  t.strictSame(asked, [['a'], ['a']])
})

test('nobody waits for more than 31 others', async (t) => {
  const { asked, reads } = engine()
  const ids = Array.from({ length: 70 }, (_, index) => `id ${index}`)
  const records = await Promise.all(ids.map((id) => reads.ask(id)))
  t.strictSame(
    records.map((record) => record?.text),
    ids.map((id) => `text of ${id}`)
  )
  t.strictSame(
    asked.map(({ length }) => length),
    [32, 32, 6]
  )
})

test('when the engine fails, all who asked are told, and the next question is another', async (t) => {
  const { reads, engineState } = engine()
  engineState.failure = new Error('the engine is down')
  await isTold(t, [reads.ask('a'), reads.ask('b')])
  engineState.failure = undefined
  t.hasStrict(await reads.ask('a'), { text: 'text of a' })
})

async function isTold(t: Test, answers: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(answers)
  for (const answer of settled)
    t.match(answer, { status: 'rejected', reason: { message: exactly('the engine is down') } })
}

function engine() {
  const asked: (readonly string[])[] = []
  const engineState: { failure?: Error | undefined } = {}
  const reads = new Gathered(async (ids: readonly string[]) => {
    asked.push([...ids])
    if (engineState.failure) throw engineState.failure
    return ids.map((id) => (id === 'absent' ? undefined : { text: `text of ${id}`, version: id, expires: 1 }))
  })
  return { asked, reads, engineState }
}
