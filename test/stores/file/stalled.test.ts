import { test } from 'tap'
import { atEachCall, interrupted, Rival } from './instants.js'
import { lab } from './lab.js'
import { createAnew, prepare, remove, sweep, update, updateOfKnown } from './operations.js'

for (const operation of [update, updateOfKnown]) {
  test(`${operation.name} that stalls before any of its system calls overwrites nobody`, async (t) => {
    const found = await lab(t)
    const rival = new Rival(found.directory)
    t.teardown(() => rival.end())
    await atEachCall(async (at) => {
      const { store, id, version } = await prepare(found, operation)
      let mine: unknown
      const call = await interrupted(
        at,
        () => t.equal(rival.now('append', id), true, 'the other must get its turn'),
        async () => {
          mine = await operation.run(store, id, version, found.shard)
        }
      )
      if (call) t.equal((await store.read(id))?.text, mine ? '0ab' : '0b', `stalled before ${call} (${at})`)
      return call
    })
  })

  test(`${operation.name} that stalls before any of its system calls does not bring back what was removed`, async (t) => {
    const found = await lab(t)
    const rival = new Rival(found.directory)
    t.teardown(() => rival.end())
    await atEachCall(async (at) => {
      const { store, id, version } = await prepare(found, operation)
      const call = await interrupted(
        at,
        () => t.equal(rival.now('remove', id), true),
        () => operation.run(store, id, version, found.shard)
      )
      if (call) t.equal(await store.read(id), undefined, `stalled before ${call} (${at})`)
      return call
    })
  })
}

test('a remove that stalls before any of its system calls still removes, and once', async (t) => {
  const found = await lab(t)
  const rival = new Rival(found.directory)
  t.teardown(() => rival.end())
  for (const task of ['append', 'remove'] as const) {
    await atEachCall(async (at) => {
      const { store, id } = await prepare(found, remove)
      let theirs: unknown
      let mine: unknown
      const call = await interrupted(
        at,
        () => {
          theirs = rival.now(task, id)
        },
        async () => {
          mine = await store.remove(id)
        }
      )
      if (call === undefined) return undefined
      t.equal(await store.read(id), undefined, `${task} while it stalled before ${call} (${at})`)
      if (task === 'remove') t.not(mine, theirs, 'one of them removed it')
      else t.equal(mine, true)
      return call
    })
  }
})

test('of two that create anew what has ended, one of which stalls, one wins', async (t) => {
  const found = await lab(t)
  const rival = new Rival(found.directory)
  t.teardown(() => rival.end())
  await atEachCall(async (at) => {
    const { store, id, version } = await prepare(found, createAnew)
    let theirs: unknown
    let mine: unknown
    const call = await interrupted(
      at,
      () => {
        theirs = rival.now('create', id)
      },
      async () => {
        mine = await createAnew.run(store, id, version, found.shard)
      }
    )
    if (call === undefined) return undefined
    t.equal((await store.read(id))?.text, mine ? 'a' : 'b', `stalled before ${call} (${at})`)
    t.not(mine !== undefined, theirs, 'one of them created it')
    return call
  })
})

test('a sweep that stalls before any of its system calls but the removal keeps what is created anew meanwhile', async (t) => {
  const found = await lab(t)
  const rival = new Rival(found.directory)
  t.teardown(() => rival.end())
  await atEachCall(async (at) => {
    const { store, id, version } = await prepare(found, sweep)
    const call = await interrupted(
      at,
      (call) => call !== 'unlinkSync' && t.equal(rival.now('create', id), true),
      () => sweep.run(store, id, version, found.shard)
    )
    if (call && call !== 'unlinkSync') t.equal((await store.read(id))?.text, 'b', `stalled before ${call} (${at})`)
    return call
  })
})

test('a reader that stalls before any of its system calls reads its record, though its file holds another by then', async (t) => {
  const found = await lab(t)
  const rival = new Rival(found.directory)
  t.teardown(() => rival.end())
  await atEachCall(async (at) => {
    const { store, id } = await prepare(found, update)
    let text: string | undefined
    const call = await interrupted(
      at,
      () => t.equal(rival.now('appendAndReuse', id), true, 'the file must have been used again'),
      async () => {
        text = (await store.read(id))?.text
      }
    )
    if (call) t.ok(text === '0' || text === '0b', `stalled before ${call} (${at}), it read ${text}`)
    return call
  })
})
