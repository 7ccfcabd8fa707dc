import { test } from 'tap'
import { attempts, done } from '../../../lib/stores/internal/attempts.js'
import { exactly } from '../../exactly.js'

test('an attempt that was overtaken is made again, until it is done', async (t) => {
  const answers = [undefined, undefined, done('mine'), done('never asked for')]
  t.equal(await attempts('a store: update', async () => answers.shift()), 'mine')
  t.equal(answers.length, 1)
})

test('what is done may have no value', async (t) => {
  t.equal(await attempts('a store: update', async () => done(undefined)), undefined)
})

test('an engine that never lets a writer through is told by what was to be written', async (t) => {
  let turns = 0
  const overtaken = async () => void turns++
  await t.rejects(attempts('a store: update', overtaken), {
    message: exactly('a store: update was overtaken by other writers 200 times')
  })
  t.equal(turns, 200)
})

test('an error ends the attempts', async (t) => {
  const broken = new Error('broken')
  await t.rejects(
    attempts('a store: update', () => Promise.reject(broken)),
    broken
  )
})
