import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync
} from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'tap'
import { placeOf, workPath } from '../../../lib/stores/file/layout.js'
import { fileStore } from '../../../lib/stores/file.js'
import { freshId, lab, namesIn, tomorrow } from './lab.js'

test('directories are 0700 and files 0600, whatever the umask allows', async (t) => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const { store, directory, record, shard, id } = await lab(t)
  const version = await store.create(id, 'text', tomorrow())
  const modes = () => [directory, shard, record].map((path) => (lstatSync(path).mode & 0o777).toString(8))
  t.same(modes(), ['700', '700', '600'])
  await store.update(id, 'new', tomorrow(), version ?? '')
  t.equal(lstatSync(workPath(shard)).mode & 0o777, 0o700)
  const files = [record, ...readdirSync(workPath(shard)).map((name) => join(workPath(shard), name))]
  t.ok(files.length > 1)
  for (const path of files) t.equal(lstatSync(path).mode & 0o777, 0o600)
})

test('a symbolic link in the place of a record is neither read nor written through', async (t) => {
  const { store, directory, shard, record, id } = await lab(t)
  const victim = join(directory, 'victim')
  const other = freshId()
  await store.create(other, 'of another', tomorrow())
  linkSync(placeOf(directory, other).record, victim)
  mkdirSync(shard, { recursive: true })
  symlinkSync(victim, record)
  const text = readFileSync(victim, 'utf8')
  await t.rejects(async () => store.read(id), { code: 'ELOOP', message: /symbolic link.*remove it/ })
  await t.rejects(async () => store.create(id, 'text', tomorrow()), { code: 'ELOOP' })
  await t.rejects(async () => store.update(id, 'text', tomorrow(), '0'.repeat(24)), { code: 'ELOOP' })
  await t.rejects(async () => store.remove(id), { code: 'ELOOP' })
  t.equal(await store.touch(id, tomorrow()), false)
  await t.rejects(store.sweep(), { code: 'ELOOP' }, 'someone must be told')
  t.equal(readFileSync(victim, 'utf8'), text)
  unlinkSync(record)
  await store.sweep()
  t.same(namesIn(shard), [], 'nothing is left of the attempts')
})

test('a symbolic link in the place of a sub-directory is refused', async (t) => {
  const { store: found, directory, shard, id } = await lab(t)
  const elsewhere = join(directory, '..', 'elsewhere')
  mkdirSync(elsewhere)
  symlinkSync(elsewhere, shard)
  for (let count = 0; count < 20; count++) await found.create(idBesides(id), 'text', yesterday())
  const store = fileStore({ directory })
  const refused = { message: /should be a directory and is not/ }
  await t.rejects(async () => store.read(id), refused)
  await t.rejects(async () => store.create(id, 'text', tomorrow()), refused)
  await t.rejects(store.sweep(), refused)
  t.same(readdirSync(elsewhere), [])
  const others = readdirSync(directory).filter((name) => name !== basename(shard))
  t.ok(others.length > 0)
  t.ok(
    others.every((name) => namesIn(join(directory, name)).length === 0),
    'the others were swept'
  )
})

test('a symbolic link in the place of the directory for what is in the making is refused', async (t) => {
  const { directory, shard, id } = await lab(t)
  const elsewhere = join(directory, '..', 'elsewhere')
  for (const path of [elsewhere, shard]) mkdirSync(path)
  symlinkSync(elsewhere, workPath(shard))
  const store = fileStore({ directory })
  await t.rejects(async () => store.create(id, 'text', tomorrow()), {
    message: /work should be a directory and is not/
  })
  t.same(readdirSync(elsewhere), [])
})

test('a directory that others can write to, or that is a link, is refused', async (t) => {
  const { directory } = await lab(t)
  const store = fileStore({ directory })
  const refused = (message: RegExp) => ({ code: 'FST_SESSIONS_STORE_CONFIG', message })
  chmodSync(directory, 0o777)
  await t.rejects(store.setup(), refused(/writable for everyone: chmod it to 700/))
  chmodSync(directory, 0o700)
  const link = join(directory, '..', 'link')
  symlinkSync(directory, link)
  await t.rejects(fileStore({ directory: link }).setup(), refused(/not a directory of its own/))
  await t.resolves(store.setup())
  t.same(readdirSync(directory), [], 'and setup leaves nothing of its trials')
})

const notRoot = process.geteuid?.() !== 0 && 'only root can give a directory away'
test('a directory that belongs to someone else is refused', { skip: notRoot }, async (t) => {
  const { store, directory } = await lab(t)
  chownSync(directory, 12_345, -1)
  await t.rejects(store.setup(), { code: 'FST_SESSIONS_STORE_CONFIG', message: /belongs to user 12345/ })
})

test('only the 43 characters of 32 bytes in base64url become a path', async (t) => {
  const { store, directory } = await lab(t)
  const good = freshId()
  const bad = ['', 'short', '../../../../etc/passwd', `${good}a`, good.slice(1), `${good.slice(0, 42)}/`, `${good}\0`]
  const ambiguous = `${good.slice(0, 42)}B`
  for (const id of [...bad, ambiguous, undefined, 43, {}]) {
    const refused = { name: 'TypeError', message: /an id is 43 characters of base64url/ }
    await t.rejects(async () => store.read(id as string), refused)
    await t.rejects(async () => store.create(id as string, 'text', tomorrow()), refused)
    await t.rejects(async () => store.readMany([good, id as string]), refused)
  }
  t.same(readdirSync(directory), [])
})

test('a version that is not the store’s own fits no record and becomes no path', async (t) => {
  const { store, shard, id } = await lab(t)
  await store.create(id, 'text', tomorrow())
  for (const version of ['../../x', '', 1, 'A'.repeat(24), 'damaged']) {
    t.equal(await store.update(id, 'new', tomorrow(), version), undefined)
  }
  t.equal(namesIn(shard).length, 1)
})

test('file names do not tell ids apart by letter case alone', async (t) => {
  const { store, directory } = await lab(t)
  const id = `aB${freshId().slice(2)}`
  for (const each of [id, `Ab${id.slice(2)}`]) await store.create(each, each, tomorrow())
  const names = readdirSync(directory).flatMap((shard) => namesIn(join(directory, shard)))
  t.equal(new Set(names.map((name) => name.toLowerCase())).size, 2)
})

test('what is not the store’s is left alone by sweep and clear', async (t) => {
  const { store, directory, shard, id } = await lab(t)
  await store.create(id, 'text', Date.now() - 1000)
  const foreign = [join(directory, 'README'), join(directory, 'ff0'), join(shard, 'notes.txt'), join(shard, 'x.tmp')]
  for (const path of foreign) writeFileSync(path, 'mine')
  mkdirSync(join(shard, 'a'.repeat(64)))
  mkdirSync(join(shard, 'b'.repeat(64)))
  t.equal(await store.sweep(), 1)
  await store.create(id, 'text', tomorrow())
  await store.clear()
  t.ok(foreign.every((path) => existsSync(path)))
  t.ok(existsSync(join(shard, 'a'.repeat(64))))
  t.equal(namesIn(shard).length, 4)
})

test('a directory that vanishes makes every method reject, and setup makes it again', async (t) => {
  const { store, directory, id } = await lab(t)
  await store.create(id, 'text', tomorrow())
  rmSync(directory, { recursive: true })
  const gone = { message: /setup\(\).*removed or unmounted/ }
  await t.rejects(async () => store.read(id), gone)
  await t.rejects(async () => store.touch(id, tomorrow()), gone)
  await t.rejects(async () => store.remove(id), gone)
  await t.rejects(async () => store.update(id, 'text', tomorrow(), '0'.repeat(24)), gone)
  await t.rejects(async () => store.create(id, 'text', tomorrow()), gone)
  await t.rejects(store.sweep(), gone)
  await t.rejects(store.clear(), gone)
  await store.setup()
  t.equal(await store.read(id), undefined)
  t.ok(await store.create(id, 'text', tomorrow()))
})

test('sub-directories that are removed under a running store are made again', async (t) => {
  const { store, shard, id } = await lab(t)
  const version = await store.create(id, 'text', tomorrow())
  rmSync(shard, { recursive: true })
  t.equal(await store.read(id), undefined)
  t.equal(await store.update(id, 'late', tomorrow(), version ?? ''), undefined)
  rmSync(shard, { recursive: true })
  t.ok(await store.create(id, 'text', tomorrow()))
})

test('options that are no options are refused', async (t) => {
  const refused = (message: RegExp) => ({ code: 'FST_SESSIONS_STORE_CONFIG', message })
  for (const directory of ['', undefined, 3, 'a\0b']) {
    t.throws(() => fileStore({ directory: directory as string }), refused(/directory must be the path/))
  }
  t.throws(() => fileStore({ directory: 'x', durability: 'full' as 'fsync' }), refused(/'none' or 'fsync', not "full"/))
})

/** An id in another shard. */
function idBesides(id: string): string {
  const other = freshId()
  return placeOf('', other).shard === placeOf('', id).shard ? idBesides(id) : other
}

function yesterday(): number {
  return Date.now() - 86_400_000
}
