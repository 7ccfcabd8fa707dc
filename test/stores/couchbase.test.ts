import { AmbiguousTimeoutError, connect, TemporaryFailureError } from 'couchbase'
import { t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { type CouchbaseCollection, couchbaseStore } from '../../lib/stores/couchbase.js'
import { CouchbaseStandIn } from '../stand-ins/couchbase.js'

const given = process.env['TEST_COUCHBASE_URL']
tap.comment(given ? 'a cluster at TEST_COUCHBASE_URL' : 'a stand-in for a collection of Couchbase')

test('the contract', async (t) => {
  const collection = given ? await real(given) : new CouchbaseStandIn()
  const cases = conformanceCases({
    open: () => couchbaseStore({ collection }),
    neighbour: () => couchbaseStore({ collection, prefix: 'neighbour:' }),
    unreachable: () => couchbaseStore({ collection: { ...failing } }),
    lacks: ['readMany', 'saveMany', 'list', 'clear', 'sweep']
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('how many calls things take', async (t) => {
  const collection = new CouchbaseStandIn()
  const store = couchbaseStore({ collection })
  const calls = () => collection.calls.splice(0)
  const version = (await store.create('a', 'text', soon())) as string
  t.strictSame(calls(), ['insert'], 'create')
  await store.read('a')
  t.strictSame(calls(), ['get'], 'read')
  const second = (await store.update('a', 'new', soon(), version)) as string
  t.strictSame(calls(), ['get', 'replace'], 'update')
  collection.touch('session:a')
  t.type(await store.update('a', 'newer', soon(), second), 'string', 'whatever the CAS became meanwhile')
  await store.remove('a')
  t.strictSame(calls(), ['get', 'replace', 'get', 'remove'], 'remove')
})

test('an error of the client rejects, and what was done in spite of it is there', async (t) => {
  const collection = new CouchbaseStandIn()
  const store = couchbaseStore({ collection })
  collection.failure = { when: 'before', error: new TemporaryFailureError() }
  await t.rejects(store.create('a', 'text', soon()), TemporaryFailureError)
  t.equal(await store.read('a'), undefined)
  collection.failure = { when: 'after', error: new AmbiguousTimeoutError() }
  await t.rejects(store.create('a', 'text', soon()), AmbiguousTimeoutError)
  t.hasStrict(await store.read('a'), { text: 'text' })
  for (const call of [() => store.read('a'), () => store.touch('a', soon()), () => store.remove('a')]) {
    collection.failure = { when: 'before', error: new TemporaryFailureError() }
    await t.rejects(async () => void (await call()), TemporaryFailureError)
  }
  t.equal(await store.remove('a'), true)
})

test('an expiry is one that the client takes', async (t) => {
  const given: Date[] = []
  const collection: CouchbaseCollection = {
    ...failing,
    insert: async (_key, _content, { expiry }) => void given.push(expiry)
  }
  const store = couchbaseStore({ collection })
  const now = Date.now()
  for (const expires of [0, now, now + 40 * 86_400_000, Number.MAX_SAFE_INTEGER])
    await store.create('a', 'text', expires)
  for (const expiry of given) t.ok(expiry.getTime() > now && expiry.getTime() < 2 ** 32 * 1000)
  t.ok((given[2] as Date).getTime() > now + 40 * 86_400_000)
})

test('what is no collection, and what is no prefix, is refused', async (t) => {
  for (const wrong of [undefined, 'sessions', {}]) {
    t.throws(() => couchbaseStore({ collection: wrong as never }), StoreConfigError)
  }
  const collection = new CouchbaseStandIn()
  for (const prefix of [1, 'x'.repeat(101)]) {
    t.throws(() => couchbaseStore({ collection, prefix: prefix as string }), StoreConfigError)
  }
})

const refuse = async () => {
  throw new TemporaryFailureError()
}
const failing: CouchbaseCollection = { get: refuse, insert: refuse, replace: refuse, remove: refuse }

/** `couchbase://user:password@host/bucket` */
async function real(url: string): Promise<CouchbaseCollection> {
  const { host, username, password, pathname } = new URL(url)
  const cluster = await connect(`couchbase://${host}`, { username, password })
  tap.teardown(() => cluster.close())
  return cluster.bucket(pathname.slice(1)).defaultCollection()
}

function soon(): number {
  return Date.now() + 600_000
}
