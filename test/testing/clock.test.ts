import t from 'tap'
import { movableClock } from '../../lib/testing/index.js'

t.test('time passes for every way to ask for it, and goes back to what it was', async (t) => {
  const RealDate = Date
  const before = new Date()
  const clock = movableClock()
  clock.pass(3_600_000)
  const ahead = (at: number) => Math.abs(at - before.getTime() - 3_600_000) < 60_000
  t.ok(ahead(Date.now()), 'Date.now()')
  t.ok(ahead(new Date(...([] as [])).getTime()), 'new Date()')
  t.ok(ahead(Date.parse(Date())), 'Date()')
  t.equal(new Date(7).getTime(), 7)
  t.equal(new Date(2026, 10, 28).getTime(), new RealDate(2026, 10, 28).getTime())
  t.equal(new Date('2026-11-28T00:00:00Z').toISOString(), '2026-11-28T00:00:00.000Z')
  t.equal(Date.UTC(2026, 10), RealDate.UTC(2026, 10))
  t.ok(before instanceof Date, 'a date from before is one')
  t.ok(new Date() instanceof RealDate, 'one from now is one for who asked before')
  t.equal(structuredClone(new Date(7)).getTime(), 7)
  clock.pass(-3_600_000)
  t.ok(Math.abs(Date.now() - before.getTime()) < 60_000, 'it can be set back')
  clock[Symbol.dispose]()
  t.equal(Date, RealDate)
})
