import { t as tap, test } from 'tap'
import { eventually } from '../servers/eventually.js'
import { startRedisCluster } from '../servers/redis.js'
import { ioredisCluster, nodeRedisCluster } from './redis-clients.js'

tap.setTimeout(180_000)

for (const driver of [ioredisCluster, nodeRedisCluster]) {
  test(`the records of a master that dies go on with its replica, through ${driver.name}`, async (t) => {
    const cluster = await startRedisCluster({ replicas: true })
    t.teardown(() => cluster.stop())
    const [dying] = cluster.nodes
    t.comment(`Redis ${await dying?.version()}, three masters with a replica each`)
    const { store, close } = await driver.open(cluster.nodes, { timeout: 2000 })
    t.teardown(close)
    const expires = Date.now() + 600_000
    const ids = Array.from({ length: 60 }, (_, at) => `record-${at}`)
    const creates = ids.map((id) => ({ kind: 'create', id, text: 'before', expires }) as const)
    const versions = await store.saveMany(creates)
    await eventually(async () => {
      const infos = await Promise.all(cluster.nodes.slice(0, 3).map((node) => node.admin('WAIT', 1, 1000)))
      return infos.every((replicas) => replicas === 1)
    })

    await dying?.kill()
    const during = await Promise.allSettled(ids.map((id) => store.read(id)))
    const failed = during.filter(({ status }) => status === 'rejected').length
    const lost = during.filter((one) => one.status === 'fulfilled' && one.value === undefined).length
    t.comment(`${failed} of ${ids.length} reads rejected right after`)
    t.equal(lost, 0, 'no record is said to be absent')

    await eventually(async () => (await store.readMany(ids)).every((record) => record?.text === 'before'), 60_000)
    const updates = ids.map((id, at) => {
      return { kind: 'update', id, text: 'after', expires, version: versions[at] as string } as const
    })
    const updated = await store.saveMany(updates)
    t.ok(updated.every((version) => typeof version === 'string'))
    const records = await store.readMany(ids)
    t.strictSame(
      records.map((record) => record?.version),
      updated
    )
    await store.clear()
    t.ok((await store.readMany(ids)).every((record) => record === undefined))
  })
}
