import type { Test } from 'tap'
import { Client } from '../client.js'
import type { Examples } from './examples.js'

/** What docs/neighbours.md shows, done by a visitor. */
export async function neighbours(t: Test, examples: Examples): Promise<void> {
  const { app } = await examples.load(t, "default: 'login'")
  const client = new Client(app)
  t.equal((await client.get('/account')).headers.location, '/sign-in')
  t.equal((await client.get('/sign-in')).headers.location, '/account')
  t.same(await client.json('/account'), { user: 'ada', theme: 'light' })
  t.equal((await client.get('/sign-in')).headers.location, '/')
}
