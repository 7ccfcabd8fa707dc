import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Test, t as tap, test } from 'tap'
import { type MemcachedStoreOptions, memcachedStore } from '../../lib/stores/memcached.js'
import type { AsyncRecordStore } from '../../types/store.js'
import { eventually } from '../servers/eventually.js'
import { startMemcached, startMemcachedAt } from '../servers/memcached.js'
import { directoryFor } from '../servers/process.js'
import { countingDoor } from '../servers/trips.js'

tap.setTimeout(120_000)

test('a server that is killed makes every call reject, and is used again when it is back', async (t) => {
  const server = await running(t)
  const store = opened(t, { servers: server.address, timeout: 500 })
  const version = await create(store, 'a')

  await server.kill()
  await rejectsAll(t, store, version)

  await server.start()
  await eventually(async () => (await store.read('a')) === undefined)
  t.equal(await store.update('a', 'late', soon(), version), undefined, 'it has forgotten the record')
  t.type(await store.create('a', 'anew', soon()), 'string')
})

test('a server that was restarted between two calls is not noticed', async (t) => {
  const server = await running(t)
  const store = opened(t, { servers: server.address })
  await create(store, 'a')
  await server.kill()
  await server.start()
  t.equal(await store.read('a'), undefined)
  t.type(await store.create('a', 'anew', soon()), 'string')
})

test('a server that stands still makes calls reject in time, and goes on afterwards', async (t) => {
  const server = await running(t)
  const store = opened(t, { servers: server.address, timeout: 300 })
  const version = await create(store, 'a')

  await server.pause()
  await t.rejects(store.read('a'), /no answer within 300 ms/)
  await rejectsAll(t, store, version)

  server.resume()
  await eventually(async () => (await store.read('a'))?.version === version)
  t.type(await store.update('a', 'after', soon(), version), 'string')
})

test('a writer that read before a restart can’t write over what was made after it', async (t) => {
  const server = await running(t)
  const [slow, quick] = [opened(t, { servers: server.address }), opened(t, { servers: server.address })]
  const before = await create(quick, 'a')
  t.equal((await slow.read('a'))?.version, before)
  await server.kill()
  await server.start()
  const after = await create(quick, 'a') // gets the number that the server counted for the first one, too
  t.equal(await slow.update('a', 'late', soon(), before), undefined)
  t.hasStrict(await quick.read('a'), { text: 'text', version: after })
})

test('while one of three servers is down, the keys of the others are served', async (t) => {
  const servers = [await running(t), await running(t), await running(t)] as const
  const store = opened(t, { servers: servers.map(({ address }) => address), timeout: 500 })
  const ids = Array.from({ length: 60 }, (_, at) => `record-${at}`)
  for (const id of ids) await create(store, id)

  await servers[1].kill()
  const reads = await Promise.allSettled(ids.map((id) => store.read(id)))
  const served = reads.filter((read) => read.status === 'fulfilled' && read.value !== undefined).length
  const failed = reads.filter((read) => read.status === 'rejected').length
  t.comment(`${served} served, ${failed} rejected`)
  t.ok(served > 20 && failed > 5)
  t.equal(served + failed, ids.length, 'and none is said to be absent')
})

test('a server without room makes writes reject, and signing out still works', async (t) => {
  const server = await running(t, '--disable-evictions', '--memory-limit=2')
  const store = opened(t, { servers: server.address })
  const version = await create(store, 'a')
  const fill = async () => {
    for (let at = 0; at < 200; at++) await store.create(`filler-${at}`, 'x'.repeat(100_000), soon())
  }
  await t.rejects(fill(), /out of memory/)
  t.hasStrict(await store.read('a'), { text: 'text', version })
  t.equal(await store.remove('a'), true)
})

test('a record that was evicted is absent, and its id can be used anew', async (t) => {
  const server = await running(t, '--memory-limit=2')
  const store = opened(t, { servers: server.address })
  const version = (await store.create('a', 'x'.repeat(100_000), soon())) as string
  for (let at = 0; at < 100; at++) await store.create(`filler-${at}`, 'x'.repeat(100_000), soon())
  t.equal(await store.read('a'), undefined)
  t.equal(await store.update('a', 'late', soon(), version), undefined)
  t.type(await store.create('a', 'anew', soon()), 'string')
})

test('a server that can’t be reached is tried again at growing intervals, not by every call', async (t) => {
  let connections = 0
  const rude = createServer((client) => {
    connections++
    client.destroy()
  }).listen(0, '127.0.0.1')
  await once(rude, 'listening')
  t.teardown(() => rude.close())
  const store = opened(t, { servers: `127.0.0.1:${(rude.address() as { port: number }).port}` })
  for (let call = 0; call < 200; call++) await t.rejects(store.read('a'), /memcached 127/)
  t.ok(connections < 20, `${connections} connections for 200 calls`)
})

test('a server that speaks another protocol is no store', async (t) => {
  const web = createServer((client) => {
    client.on('error', () => {})
    client.on('data', () => client.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
  }).listen(0, '127.0.0.1')
  await once(web, 'listening')
  t.teardown(() => web.close())
  const store = opened(t, { servers: `127.0.0.1:${(web.address() as { port: number }).port}` })
  await t.rejects(store.read('a'), /unexpected answer "HTTP\/1.1 400 Bad Request"/)
  await t.rejects(store.saveMany?.([{ kind: 'remove', id: 'a' }]) as Promise<unknown>)
})

test('a server with an auth file lets in who knows the password', async (t) => {
  const directory = await directoryFor(t, 'memcached')
  await chmod(directory, 0o755)
  const file = join(directory, 'auth')
  await writeFile(file, 'app:sesame\n')
  const server = await running(t, `--auth-file=${file}`)
  const store = opened(t, { servers: server.address, auth: { username: 'app', password: 'sesame' } })
  const version = await create(store, 'a')
  t.hasStrict(await store.read('a'), { text: 'text', version })

  const stranger = opened(t, { servers: server.address, auth: { username: 'app', password: 'guess' } })
  await t.rejects(stranger.read('a'), /authentication failure|unauthenticated/)
  const nobody = opened(t, { servers: server.address })
  await t.rejects(nobody.read('a'), /unauthenticated/)
})

test('the first that MemCachier hears is a set of the name to the password', async (t) => {
  const server = await running(t)
  const [host = '', port] = server.address.split(':')
  const door = await countingDoor({ host, port: Number(port) })
  t.teardown(() => door.close())
  const auth = { username: '15f38e', password: 'sesame', scheme: 'memcachier' } as const
  const store = opened(t, { servers: `${door.host}:${door.port}`, auth })
  const version = await create(store, 'a')
  t.hasStrict(await store.read('a'), { text: 'text', version })
  t.equal(door.said().slice(0, 30), 'set 15f38e 0 0 6\r\nsesame\r\nadd ')
})

test('TLS is spoken with whom the certificate names', async (t) => {
  const directory = await directoryFor(t, 'memcached')
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  await selfSigned(key, cert)
  const server = await running(t, '--enable-ssl', `--extended=ssl_chain_cert=${cert},ssl_key=${key}`)
  const ca = await readFile(cert)
  const store = opened(t, { servers: server.address, tls: { ca } })
  const version = await create(store, 'a')
  t.hasStrict(await store.read('a'), { text: 'text', version })

  await t.rejects(opened(t, { servers: server.address, tls: true }).read('a'), /self-signed/)
  const elsewhere = `localhost:${server.port}`
  await t.rejects(opened(t, { servers: elsewhere, tls: { ca } }).read('a'), /does not match|altnames/)
})

test('a server at a Unix socket is reached by its path', async (t) => {
  const directory = await directoryFor(t, 'memcached')
  await chmod(directory, 0o777)
  const path = join(directory, 'socket')
  const server = await startMemcachedAt(path)
  t.teardown(() => server.stop())
  const store = opened(t, { servers: path })
  const version = await create(store, 'a')
  t.hasStrict(await store.read('a'), { text: 'text', version })
})

async function running(t: Test, ...args: readonly string[]) {
  const server = await startMemcached(...args)
  t.teardown(() => server.stop())
  return server
}

function opened(t: Test, options: MemcachedStoreOptions): AsyncRecordStore {
  const store = memcachedStore(options)
  t.teardown(() => store.close())
  return store
}

async function create(store: AsyncRecordStore, id: string): Promise<string> {
  return (await store.create(id, 'text', soon())) as string
}

async function rejectsAll(t: Test, store: AsyncRecordStore, version: string): Promise<void> {
  await t.rejects(store.read('a'), /memcached 127/, 'read')
  await t.rejects(store.create('other', 'text', soon()), /memcached 127/, 'create')
  await t.rejects(store.update('a', 'text', soon(), 'not the version'), /memcached 127/, 'update')
  await t.rejects(store.touch('other', soon()), /memcached 127/, 'touch')
  await t.rejects(store.remove('other'), /memcached 127/, 'remove')
  await t.rejects(store.readMany?.(['a', 'b']) as Promise<unknown>, /memcached 127/, 'readMany')
  const write = { kind: 'update', id: 'b', text: 'text', expires: soon(), version } as const
  await t.rejects(store.saveMany?.([write]) as Promise<unknown>, /memcached 127/, 'saveMany')
}

async function selfSigned(key: string, cert: string): Promise<void> {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const who = ['-subj', '/CN=memcached', '-addext', 'subjectAltName=IP:127.0.0.1']
  await promisify(execFile)('openssl', [...args, ...who, '-keyout', key, '-out', cert])
}

function soon(): number {
  return Date.now() + 600_000
}
