import type { Test } from 'tap'
import { events } from '../../lib/events/index.js'
import { Client } from '../client.js'
import type { Examples } from './examples.js'

/** Events, as the manual shows them. */
export async function eventExamples(t: Test, examples: Examples): Promise<void> {
  t.test('a listener', async (t) => {
    t.equal(events.refused.hasSubscribers, false)
    await examples.load(t, 'somebody changes cookies')
    t.equal(events.refused.hasSubscribers, true)
  })

  t.test('metrics', async (t) => {
    const { app } = await examples.load(t, 'sessions_events_total')
    app.get('/in', async (request) => void request.session('login').set('user', 'ann'))
    app.get('/who', async (request) => request.session('login').get('user'))
    const client = new Client(app)
    await client.get('/in')
    t.equal((await client.get('/who')).body, 'ann')
    const { body, headers } = await client.get('/metrics')
    t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
    const lines = body.split('\n')
    for (const line of [
      'sessions_events_total{event="created",session="login",store="file"} 1',
      // The record is read before this page too, although it asks for no session.
      'sessions_events_total{event="loaded",session="login",store="file"} 2',
      'sessions_trip_seconds_count{event="loaded",store="file"} 2'
    ]) {
      t.ok(lines.includes(line), line)
    }
    t.ok(lines.some((line) => /^sessions_opened_by_key_total\{session="login",key="[0-9a-f]+"\} 2$/.test(line)))
  })

  // It is run in opentelemetry.test.ts, since it subscribes for the whole process.
  examples.path('function traceTrips')

  t.test('why a user was signed out', async (t) => {
    const { app } = await examples.load(t, '/admin/why/:user')
    const { code, message } = (await app.inject('/admin/why/ann')).json()
    t.same([code, message.includes('add history: 1000')], ['FST_SESSIONS_CONFIG', true])
  })
}
