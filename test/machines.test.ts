import { type Test, t as tap, test } from 'tap'
import { fourMachines, type Machines } from './machines/machines.js'
import { startPostgres } from './servers/postgres.js'
import { startRedisCluster } from './servers/redis.js'

tap.setTimeout(240_000)

const engines: Readonly<Record<string, (t: Test) => Promise<readonly string[]>>> = {
  redis: async (t) => {
    const cluster = await startRedisCluster()
    t.teardown(() => cluster.stop())
    t.comment(`Redis ${await cluster.nodes[0]?.version()}, a cluster of ${cluster.nodes.length}`)
    return cluster.nodes.map(({ url }) => url)
  },
  postgres: async (t) => {
    const server = await startPostgres()
    t.teardown(() => server.stop())
    t.comment(`PostgreSQL ${(await server.admin('SHOW server_version'))[0]?.['server_version']}`)
    return [server.url]
  }
}

for (const [engine, start] of Object.entries(engines)) {
  test(`four processes on ${engine}`, async (t) => {
    const machines = await fourMachines(t, engine, await start(t))
    const signOuts = endless((round) => signsOut(t, machines, round))

    await t.test('lose no increment of parallel requests', async (t) => {
      const { cookie, told } = await load(machines, 25)
      t.equal(told.unsure, 0, 'all of them were answered')
      t.equal(await countOf(machines, cookie), told.sure)
    })

    await t.test('lose no answered increment when one of them is lost', async (t) => {
      const { cookie, told } = await load(machines, 25, machines.lose)
      const count = await countOf(machines, cookie)
      t.comment(`${count} counted, ${told.sure} answered, ${told.unsure} not`)
      t.ok(count >= told.sure && count <= told.sure + told.unsure, `${count} of ${told.sure} at least`)
      t.ok(told.unsure > 0, 'some of them had no answer')
    })

    t.comment(`${await signOuts.stop(40)} signed in and out meanwhile`)
  })
}

/** Eight clients with one cookie, each adding one so many times; in the midst of it something happens. */
async function load(machines: Machines, times: number, midway = async () => {}) {
  const { cookie } = await untilAnswered(() => machines.ask('/in/counter'))
  const told = { sure: 0, unsure: 0 }
  const client = async () => {
    for (let done = 0; done < times; done++) {
      const { status } = await machines.ask('/add', cookie)
      if (status === 200) told.sure++
      else told.unsure++
      if (told.sure + told.unsure === 4 * times) await midway()
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
  return { cookie, told }
}

async function countOf(machines: Machines, cookie: string | undefined): Promise<number> {
  return Number((await untilAnswered(() => machines.ask('/count', cookie))).text)
}

/** Signs in, and out while other requests of the same session are under way: afterwards nothing is left of it. */
async function signsOut(t: Test, machines: Machines, round: number): Promise<void> {
  let tries = 0 // a sign-in that had no answer has left a session that nobody knows
  const { cookie, text: user } = await untilAnswered(() => machines.ask(`/in/user-${round}-${tries++}`))
  const others = ['/add', '/again', '/add', '/add'].map((path) => machines.ask(path, cookie))
  await untilAnswered(() => machines.ask('/out', cookie))
  const after = await untilAnswered(() => machines.ask('/who', cookie))
  if (after.text !== 'nobody') t.fail(`${user} is signed in after signing out`)

  const cookies = (await Promise.all(others)).map(({ cookie }) => cookie)
  for (const left of [cookie, ...cookies]) {
    const { text } = await untilAnswered(() => machines.ask('/who', left))
    if (text !== 'nobody') t.fail(`${user} came back`)
  }
  const { text } = await untilAnswered(() => machines.ask(`/sessions/${user}`))
  if (text !== '0') t.fail(`${user} has ${text} sessions left`)
}

/** A machine that is gone answers nothing; the next one does. */
async function untilAnswered(ask: () => ReturnType<Machines['ask']>): ReturnType<Machines['ask']> {
  for (let left = 20; ; left--) {
    const answer = await ask()
    if (answer.status === 200) return answer
    if (left === 0) throw new Error(`${answer.status}: ${answer.text}`)
  }
}

/** Does something again and again; `stop` resolves to how many times it was done, so many at least. */
function endless(task: (round: number) => Promise<void>): { stop(least: number): Promise<number> } {
  let least = Number.POSITIVE_INFINITY
  let rounds = 0
  const running = (async () => {
    while (rounds < least) await task(rounds++)
  })()
  running.catch(() => {})
  return {
    async stop(enough) {
      least = enough
      await running
      return rounds
    }
  }
}
