import { test } from 'tap'
import { type SqlExecutor, sqlStore } from '../../../lib/stores/sql.js'
import { tomorrow } from './contract.js'

/** How clients pass on what the driver rejected with. */
const wrappers: Readonly<Record<string, (error: Error) => Error>> = {
  Drizzle: (cause) => new Error('Failed query', { cause }),
  Sequelize: (error) => Object.assign(new Error(error.message), { parent: error, original: error }),
  TypeORM: (driverError) => Object.assign(new Error(driverError.message), { driverError }),
  Objection: (nativeError) => Object.assign(new Error(nativeError.message), { nativeError }),
  MikroORM: (previous) => Object.assign(new Error(previous.message), { previous }),
  'a service around Sequelize': (error) => new Error('The shop is down', { cause: wrappers['Sequelize']?.(error) }),
  'one of several errors': (error) => Object.assign(new Error('a'), { first: new Error('b'), second: error })
}

for (const [name, wrap] of Object.entries(wrappers)) {
  test(`a deadlock is recognised as ${name} wraps it, and the statement sent again`, async (t) => {
    const { store, sent } = failing(wrap(Object.assign(new Error('deadlock detected'), { code: '40P01' })), 'postgres')
    t.equal(await store.touch('id', tomorrow()), true)
    t.equal(sent(), 2)
  })

  test(`a duplicate is recognised as ${name} wraps it, and answered`, async (t) => {
    const { store, sent } = failing(wrap(Object.assign(new Error('Duplicate entry'), { errno: 1062 })), 'mysql')
    t.type(await store.create('id', 'text', tomorrow()), 'string')
    t.equal(sent(), 2)
  })
}

test('errors that hold one another in a circle, or are many, are passed on in bounded time', async (t) => {
  const first: Error & { parent?: Error } = new Error('first')
  first.parent = Object.assign(new Error('second'), { original: first, cause: first })
  const one = failing(first, 'mysql')
  await t.rejects(one.store.create('id', 'text', tomorrow()), first)
  t.equal(one.sent(), 1)

  const looked = { at: 0 }
  const endless = endlessError(looked)
  const other = failing(endless, 'mysql')
  await t.rejects(other.store.create('id', 'text', tomorrow()), endless)
  t.ok(looked.at < 100, `${looked.at} causes`)
})

/** A store on a client whose first statement rejects; every other one writes a row. */
function failing(error: Error, dialect: 'postgres' | 'mysql') {
  let count = 0
  const client: SqlExecutor = {
    all: async () => [],
    run: async () => {
      if (count++ === 0) throw error
      return 1
    }
  }
  return { store: sqlStore({ client, dialect }), sent: () => count }
}

/** Every cause of it has another. */
function endlessError(looked: { at: number }): Error {
  return Object.defineProperty(new Error('endless'), 'cause', {
    get: () => {
      looked.at++
      return endlessError(looked)
    }
  })
}
