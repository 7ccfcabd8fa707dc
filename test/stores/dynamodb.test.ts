import type { DynamoDB } from '@aws-sdk/client-dynamodb'
import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { type DynamodbStore, dynamodbResource, dynamodbSetup, dynamodbStore } from '../../lib/stores/dynamodb.js'
import type { RecordStore } from '../../types/store.js'
import { DynaliteServer, dynamodbClient } from '../servers/dynalite.js'
import { deadPort } from '../servers/process.js'

const given = process.env['TEST_DYNAMODB_URL']
const server = given ? undefined : await new DynaliteServer().start()
const endpoint = given ?? String(server?.endpoint)
const tables = new Set<string>()
tap.teardown(async () => {
  const client = dynamodbClient(endpoint)
  for (const TableName of tables) await client.deleteTable({ TableName }).catch(() => {})
  client.destroy()
  await server?.stop()
})
tap.comment(server ? `dynalite ${server.version}, an emulator of DynamoDB` : `the server at ${given}`)

test('the contract', async (t) => {
  const clients = new Map<RecordStore, DynamoDB>()
  const open = (at: string, name: string, timeout = 30_000) => {
    const client = dynamodbClient(at)
    const store = dynamodbStore({ client, table: tableOf(name), timeout })
    clients.set(store, client)
    return store
  }
  const unused = `http://127.0.0.1:${deadPort}`
  const cases = conformanceCases({
    open: () => open(endpoint, 'contract'),
    close: (store) => clients.get(store)?.destroy(),
    neighbour: () => open(endpoint, 'neighbour'),
    unreachable: () => open(unused, 'contract', 1000),
    lacks: ['list', 'sweep'],
    longestText: 200_000 // a case writes it twice over into one item of at most 400 KiB
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('how many requests things take', async (t) => {
  const { store, requests } = await opened(t, 'requests')
  const expires = Date.now() + 60_000
  const version = (await store.create('single', 'text', expires)) as string
  await store.read('single')
  await store.update('single', 'new', expires, version)
  await store.touch('single', expires)
  await store.remove('single')
  t.strictSame(requests(), ['putItem', 'getItem', 'putItem', 'updateItem', 'deleteItem'], 'one each')

  const ids = Array.from({ length: 100 }, (_, at) => `record-${at}`)
  const versions = await store.saveMany(ids.map((id) => ({ kind: 'create', id, text: 'text', expires })))
  t.strictSame(requests(), Array(100).fill('putItem'), 'saveMany: one for each write')
  const records = await store.readMany(ids)
  t.strictSame(requests(), ['batchGetItem'], 'readMany: one for a hundred')
  t.strictSame(
    records.map((record) => record?.version),
    versions
  )
  t.equal((await store.readMany([...ids, 'absent', ...ids])).filter(Boolean).length, 200)
  t.strictSame(requests(), ['batchGetItem', 'batchGetItem'], 'readMany: two for a hundred and one')
})

test('the writes of a batch are sent at once', async (t) => {
  const client = dynamodbClient(endpoint)
  t.teardown(() => client.destroy())
  let [under, most] = [0, 0]
  const putItem = async (input: never, options: never) => {
    most = Math.max(most, ++under)
    await client.putItem(input, options)
    under--
  }
  const store = dynamodbStore({ client: standingBefore(client, { putItem }), table: tableOf('at-once') })
  await store.setup()
  const expires = Date.now() + 60_000
  await store.saveMany([1, 2, 3, 4, 5].map((at) => ({ kind: 'create', id: `id ${at}`, text: 'text', expires })))
  t.equal(most, 5)
})

test('what a batch leaves unprocessed is asked for again', async (t) => {
  const { client, store: direct } = await opened(t, 'unprocessed')
  const ids = Array.from({ length: 30 }, (_, at) => `record-${at}`)
  const expires = Date.now() + 60_000
  await direct.saveMany(ids.map((id) => ({ kind: 'create', id, text: `of ${id}`, expires })))
  const asked: number[] = []
  // Like a throttled table: answers half of what it is asked for.
  const batchGetItem = async ({ RequestItems }: { RequestItems: Record<string, { Keys: object[] }> }) => {
    const [[name, { Keys: keys, ...rest }] = ['', { Keys: [] }]] = Object.entries(RequestItems)
    asked.push(keys.length)
    const half = Math.ceil(keys.length / 2)
    const answer = await client.batchGetItem({
      RequestItems: { [name]: { ...rest, Keys: keys.slice(0, half) } }
    } as never)
    return half === keys.length ? answer : { ...answer, UnprocessedKeys: { [name]: { Keys: keys.slice(half) } } }
  }
  const table = tableOf('unprocessed')
  const store = dynamodbStore({ client: standingBefore(client, { batchGetItem }), table })
  const records = await store.readMany(ids)
  t.strictSame(
    records.map((record) => record?.text),
    ids.map((id) => `of ${id}`)
  )
  t.strictSame(asked, [30, 15, 7, 3, 1])

  const never = async ({ RequestItems }: { RequestItems: object }) => ({ UnprocessedKeys: RequestItems })
  const throttled = dynamodbStore({ client: standingBefore(client, { batchGetItem: never }), table })
  await t.rejects(throttled.readMany(['a', 'b']), /2 of a batch were not processed/)
})

test('reads are consistent reads', async (t) => {
  const { client } = await opened(t, 'consistent')
  const inputs: object[] = []
  const getItem = async (input: never) => {
    inputs.push(input)
    return client.getItem(input)
  }
  const batchGetItem = async (input: { RequestItems: object }) => {
    inputs.push(...Object.values(input.RequestItems))
    return client.batchGetItem(input as never)
  }
  const stands = standingBefore(client, { getItem, batchGetItem })
  const store = dynamodbStore({ client: stands, table: tableOf('consistent') })
  await store.read('a')
  await store.readMany(['a', 'b'])
  t.hasStrict(inputs, [{ ConsistentRead: true }, { ConsistentRead: true }])
})

test('an item has its end in milliseconds and, for TTL, in seconds', async (t) => {
  const { client, store } = await opened(t, 'ends')
  const item = async (id: string) => {
    const { Item } = await client.getItem({ TableName: tableOf('ends'), Key: { id: { S: id } } })
    return { expires: Number(Item?.['expires']?.N), ttl: Number(Item?.['ttl']?.N) }
  }
  const end = Math.ceil(Date.now() / 1000) * 1000 + 60_001
  const version = (await store.create('a', 'text', end)) as string
  t.strictSame(await item('a'), { expires: end, ttl: (end + 999) / 1000 })
  await store.update('a', 'text', end + 5000, version)
  t.strictSame(await item('a'), { expires: end + 5000, ttl: (end + 5999) / 1000 })
  await store.touch('a', end + 10_000)
  t.strictSame(await item('a'), { expires: end + 10_000, ttl: (end + 10_999) / 1000 })
  await store.touch('a', 0)
  const { expires, ttl } = await item('a')
  t.equal(expires, 0)
  t.ok(ttl >= Math.floor(Date.now() / 1000) - 60, 'TTL leaves alone what ended more than five years ago')

  t.type(await store.create('b', 'text', Number.POSITIVE_INFINITY), 'string')
  t.hasStrict(await store.read('b'), { expires: 8.64e15 })
  await t.rejects(store.create('nan', 'text', Number.NaN), RangeError)
})

test('a record that is too large is refused with its size, and one that just fits is kept', async (t) => {
  const { store, requests } = await opened(t, 'large')
  const id = 'x'.repeat(43)
  const expires = Date.now() + 60_000
  const fits = 'ż'.repeat((400 * 1024 - 43 - 49) / 2)
  const version = (await store.create(id, fits, expires)) as string
  t.equal((await store.read(id))?.text, fits)
  requests()
  await t.rejects(store.update(id, `${fits}ż`, expires, version), {
    name: 'RangeError',
    message: /a record of 409601 bytes is beyond the 409600 that DynamoDB takes/
  })
  const writes = [
    { kind: 'create', id: 'large', text: `${fits}${fits}`, expires },
    { kind: 'create', id: 'small', text: 'text', expires }
  ] as const
  await t.rejects(store.saveMany(writes), RangeError)
  t.strictSame(requests(), ['putItem'])
  t.hasStrict(await store.readMany(['large', 'small']), [undefined, { text: 'text' }])
})

test('clear removes more than one page and one batch hold', async (t) => {
  const { client, store, requests } = await opened(t, 'clear')
  const ids = Array.from({ length: 60 }, (_, at) => `record-${at}`)
  const expires = Date.now() + 60_000
  await store.saveMany(ids.map((id) => ({ kind: 'create', id, text: 'x'.repeat(30_000), expires })))
  requests()
  await store.clear()
  const counts = requests()
  t.ok(counts.filter((name) => name === 'scan').length > 1, 'a page is 1 MB')
  t.ok(counts.filter((name) => name === 'batchWriteItem').length > 2)
  t.equal((await client.scan({ TableName: tableOf('clear') })).Count, 0)
})

test('setup waits until the table can be used, and switches TTL on', async (t) => {
  const { client } = await opened(t, 'unused')
  const calls: string[] = []
  const state = { table: '', ttl: 'DISABLED', by: undefined as string | undefined }
  const named = (name: string) => Object.assign(new Error(name), { name })
  const standing = {
    describeTable: async () => {
      if (state.table === '') throw named('ResourceNotFoundException')
      const description = { TableStatus: state.table, KeySchema: [{ AttributeName: 'id' }] }
      state.table = 'ACTIVE'
      return { Table: description }
    },
    createTable: async (input: object) => {
      calls.push(JSON.stringify(input))
      state.table = 'CREATING'
      throw named('ResourceInUseException') // another process was quicker
    },
    describeTimeToLive: async () => ({
      TimeToLiveDescription: { TimeToLiveStatus: state.ttl, AttributeName: state.by }
    }),
    updateTimeToLive: async (input: object) => {
      calls.push(JSON.stringify(input))
      Object.assign(state, { ttl: 'ENABLING', by: 'ttl' })
      throw named('ValidationException') // TimeToLive is already enabled
    }
  }
  const store = dynamodbStore({ client: standingBefore(client, standing) })
  await store.setup()
  t.strictSame(calls, [
    '{"TableName":"sessions","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],' +
      '"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"}',
    '{"TableName":"sessions","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}'
  ])
  await store.setup()
  t.equal(calls.length, 2, 'nothing to be done')

  state.by = 'other'
  await t.rejects(store.setup(), StoreConfigError)
  Object.assign(state, { ttl: 'DISABLED', by: undefined })
  const denied = { ...standing, updateTimeToLive: () => Promise.reject(named('AccessDeniedException')) }
  await t.rejects(dynamodbStore({ client: standingBefore(client, denied) }).setup(), /AccessDenied/)
  const wrong = { ...standing, describeTable: async () => ({ Table: { KeySchema: [{ AttributeName: 'pk' }] } }) }
  await t.rejects(dynamodbStore({ client: standingBefore(client, wrong) }).setup(), /partition key "id" alone, not pk/)
})

test('what setup does can be had as text', (t) => {
  t.equal(
    dynamodbSetup('my-sessions'),
    [
      'aws dynamodb create-table --table-name my-sessions --billing-mode PAY_PER_REQUEST \\',
      '  --key-schema AttributeName=id,KeyType=HASH --attribute-definitions AttributeName=id,AttributeType=S',
      'aws dynamodb wait table-exists --table-name my-sessions',
      'aws dynamodb update-time-to-live --table-name my-sessions \\',
      '  --time-to-live-specification Enabled=true,AttributeName=ttl'
    ].join('\n')
  )
  t.hasStrict(dynamodbResource('my-sessions'), {
    Type: 'AWS::DynamoDB::Table',
    Properties: { TableName: 'my-sessions', BillingMode: 'PAY_PER_REQUEST' }
  })
  t.end()
})

test('options that can’t work are refused at once', (t) => {
  const client = dynamodbClient(endpoint)
  t.teardown(() => client.destroy())
  t.throws(() => dynamodbStore({ client: {} as never }), /new DynamoDB/)
  t.throws(() => dynamodbStore({ client: undefined as never }), StoreConfigError)
  for (const table of ['', 'ab', 'my table', 'x'.repeat(256)]) {
    t.throws(() => dynamodbStore({ client, table }), StoreConfigError)
  }
  for (const timeout of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => dynamodbStore({ client, timeout }), StoreConfigError)
  }
  t.end()
})

interface Opened {
  readonly store: DynamodbStore
  readonly client: DynamoDB
  /** The methods of the client that were called since this was last called. */
  requests(): readonly string[]
}

async function opened(t: Test, name: string): Promise<Opened> {
  const client = dynamodbClient(endpoint)
  t.teardown(() => client.destroy())
  let calls: string[] = []
  const counting = new Proxy(client, {
    get(target, property) {
      const value = Reflect.get(target, property)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        calls.push(String(property))
        return Reflect.apply(value, target, args)
      }
    }
  })
  const store = dynamodbStore({ client: counting, table: tableOf(name) })
  await store.setup()
  const requests = () => {
    const since = calls
    calls = []
    return since
  }
  requests()
  return { store, client, requests }
}

/** The client with some methods of a test's own. */
function standingBefore(client: DynamoDB, own: Readonly<Record<string, unknown>>): DynamoDB {
  return new Proxy(client, {
    get(target, property) {
      const value = own[String(property)] ?? Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

function tableOf(name: string): string {
  const table = `fastify-sessions-test-${process.pid}-${name}`
  tables.add(table)
  return table
}
