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

  t.test('why a user was signed out', async (t) => {
    const { app } = await examples.load(t, '/admin/why/:user')
    const { code, message } = (await app.inject('/admin/why/ann')).json()
    t.same([code, message.includes('add history: 1000')], ['FST_SESSIONS_CONFIG', true])
  })
}
