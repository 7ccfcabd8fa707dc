import type { Test } from 'tap'
import { events } from '../../lib/events/index.js'
import type { Examples } from './examples.js'

/** Events, as the manual shows them. */
export async function eventExamples(t: Test, examples: Examples): Promise<void> {
  t.test('a listener', async (t) => {
    t.equal(events.refused.hasSubscribers, false)
    await examples.load(t, 'somebody changes cookies')
    t.equal(events.refused.hasSubscribers, true)
  })
}
