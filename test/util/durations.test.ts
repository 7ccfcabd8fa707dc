import t from 'tap'
import { type Bounds, durationFault, LONGEST_TIMER, TIMER } from '../../lib/util/durations.js'

const seconds: Bounds = { unit: 'seconds', least: 1, most: 100, note: 'a while' }
const whole: Bounds = { unit: 'seconds', least: 0, most: 100, isWhole: true }
const millis: Bounds = { unit: 'milliseconds', least: 1, most: 100 }

t.test('a duration is a number within its bounds, which count', async (t) => {
  for (const value of [1, 1.5, 100]) t.equal(durationFault(value, seconds), undefined)
  for (const value of [0, 1, 100]) t.equal(durationFault(value, whole), undefined)
  for (const value of [1, 0x7fffffff]) t.equal(durationFault(value, TIMER), undefined)
  t.equal(LONGEST_TIMER, 2147483647)
})

t.test('what is none is told with its bounds, with what it is and with what to write', async (t) => {
  const cases: [unknown, Bounds, string][] = [
    [0, seconds, 'expected seconds from 1 to 100 (a while), got 0'],
    [0.999, seconds, 'expected seconds from 1 to 100 (a while), got 0.999'],
    [-1, whole, 'expected whole seconds from 0 to 100, got -1'],
    [1.5, whole, 'expected whole seconds from 0 to 100, got 1.5'],
    [101, millis, 'expected milliseconds from 1 to 100, got 101'],
    [2000, millis, 'expected milliseconds from 1 to 100, got 2000'],
    [2 ** 31, TIMER, 'expected milliseconds from 1 to 2147483647 (the longest that a timer can wait), got 2147483648'],
    ['60', seconds, 'expected seconds from 1 to 100 (a while), got the text "60": write the number 60'],
    [' 60 ', whole, 'expected whole seconds from 0 to 100, got the text " 60 ": write the number 60'],
    ['', whole, 'expected whole seconds from 0 to 100, got the text ""'],
    [' ', whole, 'expected whole seconds from 0 to 100, got the text " "'],
    ['1m', whole, 'expected whole seconds from 0 to 100, got the text "1m"'],
    ['Infinity', whole, 'expected whole seconds from 0 to 100, got the text "Infinity"'],
    [null, whole, 'expected whole seconds from 0 to 100, got null'],
    [undefined, whole, 'expected whole seconds from 0 to 100, got undefined'],
    [{}, whole, 'expected whole seconds from 0 to 100, got an object'],
    [[60], whole, 'expected whole seconds from 0 to 100, got an object'],
    [true, whole, 'expected whole seconds from 0 to 100, got true'],
    [10n, whole, 'expected whole seconds from 0 to 100, got 10'],
    [101n, whole, 'expected whole seconds from 0 to 100, got 101'],
    [Number.NaN, seconds, 'expected seconds from 1 to 100 (a while), got NaN'],
    [101, seconds, 'expected seconds from 1 to 100 (a while), got 101: seconds, not milliseconds? Then write 0.101'],
    [100_000, whole, 'expected whole seconds from 0 to 100, got 100000: seconds, not milliseconds? Then write 100'],
    [1600, whole, 'expected whole seconds from 0 to 100, got 1600: seconds, not milliseconds? Then write 2'],
    [1600, seconds, 'expected seconds from 1 to 100 (a while), got 1600: seconds, not milliseconds? Then write 1.6'],
    [100_001, whole, 'expected whole seconds from 0 to 100, got 100001'],
    [Number.POSITIVE_INFINITY, whole, 'expected whole seconds from 0 to 100, got Infinity']
  ]
  for (const [value, bounds, message] of cases) t.equal(durationFault(value, bounds), message)
})
