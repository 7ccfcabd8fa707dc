import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { fileStore } from '../../../lib/stores/file.js'
import { freshId, lab, namesIn, tomorrow } from './lab.js'

const notRoot = process.geteuid?.() !== 0 && 'only root can become someone else'
const notMountable = mountTrial() && `a small file system can't be mounted here: ${mountTrial()}`

test('a file in the place of the directory is told, by path', async (t) => {
  const { directory, id } = await lab(t)
  const path = join(directory, 'file')
  writeFileSync(path, '')
  for (const inTheWay of [path, join(path, 'deeper')]) {
    const store = fileStore({ directory: inTheWay })
    await t.rejects(store.setup(), { message: /file store: could not set up .*file.*move it away/, cause: Error })
    await t.rejects(async () => store.read(id))
    await t.rejects(async () => store.create(id, 'text', tomorrow()))
    await t.rejects(async () => store.touch(id, tomorrow()))
    await t.rejects(async () => store.remove(id))
    await t.rejects(store.sweep())
  }
})

test('a directory that belongs to someone else is told', { skip: notRoot }, async (t) => {
  const { directory, id, store, shard } = await lab(t)
  const version = await store.create(id, 'text', tomorrow())
  const denied = { code: 'EACCES', message: /could not \w+ .*: permission denied; .*must belong to the user/ }
  const asNobody = async (work: () => unknown) => {
    process.seteuid?.(65_534)
    const outcome = (async () => work())().finally(() => process.seteuid?.(0))
    await t.rejects(outcome, denied)
  }
  await asNobody(() => store.read(id))
  await asNobody(() => store.create(id, 'text', tomorrow()))
  await asNobody(() => store.update(id, 'text', tomorrow(), version ?? ''))
  await asNobody(() => store.touch(id, tomorrow()))
  await asNobody(() => store.remove(id))
  await asNobody(() => fileStore({ directory: join(directory, 'deeper') }).setup())
  t.equal((await store.read(id))?.text, 'text')
  t.equal(namesIn(shard).length, 1)
})

test('a full disk is told, loses no record, and lets one sign out and sweep', { skip: notMountable }, async (t) => {
  const directory = await mounted(t)
  const store = fileStore({ directory })
  await store.setup()
  const kept: string[] = []
  const full = {
    code: 'ENOSPC',
    message: /file store: could not create .*: no space .*free some.*ENOSPC/,
    cause: Error
  }
  for (;;) {
    const id = freshId()
    const text = `${id} ${'x'.repeat(5000)}`
    const created = await (async () => store.create(id, text, tomorrow()))().catch((error: unknown) => error)
    if (created instanceof Error) {
      t.match(created, full)
      break
    }
    kept.push(id)
  }
  t.ok(kept.length > 3)
  fill(directory)
  const [first = '', second = '', third = ''] = kept
  const version = (await store.read(first))?.version ?? ''
  await t.rejects(async () => store.update(first, 'y'.repeat(20_000), tomorrow(), version), { code: 'ENOSPC' })
  for (const id of kept) t.equal((await store.read(id))?.text, `${id} ${'x'.repeat(5000)}`)
  t.equal(await store.touch(first, tomorrow()), true)
  t.equal(await store.remove(first), true, 'signing out works')
  t.equal(await store.read(first), undefined)
  fill(directory)
  await store.touch(second, Date.now() - 1000)
  t.equal(await store.sweep(), 1, 'sweeping works')
  t.ok(await store.create(freshId(), 'text', tomorrow()), 'and makes room')
  t.ok(await store.read(third))
})

test('a disk that becomes read-only is told, and can still be read', { skip: notMountable }, async (t) => {
  const directory = await mounted(t)
  const store = fileStore({ directory })
  await store.setup()
  const id = freshId()
  const version = await store.create(id, 'text', tomorrow())
  t.equal(spawnSync('mount', ['-o', 'remount,ro', directory]).status, 0)
  t.equal((await store.read(id))?.text, 'text')
  const readOnly = { code: 'EROFS', message: /read-only; mount it writable/ }
  await t.rejects(async () => store.create(freshId(), 'text', tomorrow()), readOnly)
  await t.rejects(async () => store.update(id, 'new', tomorrow(), version ?? ''), readOnly)
  await t.rejects(async () => store.touch(id, tomorrow()), readOnly)
  await t.rejects(async () => store.remove(id), readOnly)
  t.equal((await store.read(id))?.version, version)
})

/** A file system of 128 KB. */
async function mounted(t: Test): Promise<string> {
  const { directory } = await lab(t)
  const path = join(directory, 'small')
  mkdirSync(path, { mode: 0o700 })
  t.equal(mount(path), '')
  t.teardown(() => spawnSync('umount', [path]))
  return path
}

/** Uses up what is left. */
function fill(directory: string): void {
  const path = join(directory, 'rest')
  for (let number = 0; ; number++) {
    try {
      writeFileSync(`${path}${number}`, 'x'.repeat(4096))
    } catch {
      return
    }
  }
}

/** The reason why not, or an empty string. */
function mount(path: string): string {
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=700', 'tmpfs', path])
  return status === 0 ? '' : String(error ?? stderr).trim()
}

function mountTrial(): string {
  const path = mkdtempSync(join(tmpdir(), 'file-store-'))
  const reason = mount(path)
  if (reason === '') spawnSync('umount', [path])
  rmdirSync(path)
  return reason
}
