import { Redis } from 'ioredis'
import { eventually } from './eventually.js'
import { freePort, Server, temporaryDirectory } from './process.js'

export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly url: string
  /** Sends a command of the test itself. */
  admin(...command: readonly (string | number)[]): Promise<unknown>
  version(): Promise<string>
  /** Resolves to the counts of `INFO commandstats` since the last call, by command. */
  calls(): Promise<ReadonlyMap<string, number>>
  start(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): void
  stop(): Promise<void>
}

/** Starts Debian's redis-server on a free loopback port. It writes nothing to disk unless `args` say so. */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const port = await freePort()
  const directory = await temporaryDirectory('redis')
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory.path, '--save', '']
  own.push('--repl-diskless-sync-delay', '0')
  const program = { command: 'redis-server', args: [...own, ...args], debianPackage: 'redis-server' }
  const admin = async (...[name, ...rest]: readonly (string | number)[]) => {
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: null, commandTimeout: 5000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.call(String(name), ...rest)
    } finally {
      client.disconnect()
    }
  }
  const server = new Server(program, async () => void (await admin('PING')))
  await server.start()
  return {
    host: '127.0.0.1',
    port,
    url: `redis://127.0.0.1:${port}`,
    admin,
    version: async () => versionIn(String(await admin('INFO', 'server'))),
    calls: async () => {
      const calls = callsIn(String(await admin('INFO', 'commandstats')))
      await admin('CONFIG', 'RESETSTAT')
      return calls
    },
    start: () => server.start(),
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    stop: async () => {
      await server.stop()
      await directory.remove()
    }
  }
}

export interface RedisCluster {
  /** Three masters, and then a replica of each if requested. */
  readonly nodes: readonly RedisServer[]
  stop(): Promise<void>
}

/** Starts a cluster of three masters, which share the 16384 slots, each with or without a replica. */
export async function startRedisCluster({ replicas = false } = {}): Promise<RedisCluster> {
  const nodes: RedisServer[] = []
  for (let count = replicas ? 6 : 3; count > 0; count--) nodes.push(await startClusterNode())
  const [first, ...others] = nodes as [RedisServer, ...RedisServer[]]
  const masters = nodes.slice(0, 3)
  const bounds = [0, 5461, 10923, 16384]
  for (const [at, node] of masters.entries()) {
    await node.admin('CLUSTER', 'ADDSLOTSRANGE', Number(bounds[at]), Number(bounds[at + 1]) - 1)
  }
  for (const node of others) await first.admin('CLUSTER', 'MEET', node.host, node.port, await busPort(node))
  await eventually(() => everyNodeKnows(nodes, nodes.length))
  for (const [at, replica] of nodes.slice(3).entries()) {
    await replica.admin('CLUSTER', 'REPLICATE', String(await (masters[at] as RedisServer).admin('CLUSTER', 'MYID')))
  }
  await eventually(() => clusterIsUp(nodes))
  await eventually(() => replicasFollow(nodes.slice(3)))
  await eventually(() => everyNodeSees(nodes, nodes.length - 3))
  return { nodes, stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))) }
}

async function startClusterNode(): Promise<RedisServer> {
  const bus = String(await freePort())
  return startRedis('--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '1000')
}

async function busPort(node: RedisServer): Promise<number> {
  const [, port] = (await node.admin('CONFIG', 'GET', 'cluster-port')) as [string, string]
  return Number(port)
}

async function everyNodeKnows(nodes: readonly RedisServer[], count: number): Promise<boolean> {
  const infos = await Promise.all(nodes.map((node) => node.admin('CLUSTER', 'INFO')))
  return infos.every((info) => String(info).includes(`cluster_known_nodes:${count}\r`))
}

async function clusterIsUp(nodes: readonly RedisServer[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map((node) => node.admin('CLUSTER', 'INFO')))
  return infos.every((info) => String(info).includes('cluster_state:ok') && String(info).includes('cluster_size:3\r'))
}

async function replicasFollow(replicas: readonly RedisServer[]): Promise<boolean> {
  const infos = await Promise.all(replicas.map((node) => node.admin('INFO', 'replication')))
  return infos.every((info) => String(info).includes('master_link_status:up'))
}

/** A replica gets the votes of the other masters only once they know of it. */
async function everyNodeSees(nodes: readonly RedisServer[], replicas: number): Promise<boolean> {
  const views = await Promise.all(nodes.map((node) => node.admin('CLUSTER', 'NODES')))
  const known = (view: unknown) => String(view).match(/ (?:myself,)?slave .* connected/g) ?? []
  return views.every((view) => known(view).length === replicas)
}

function versionIn(info: string): string {
  return /^(?:valkey|redis)_version:(.*)$/m.exec(info)?.[1]?.trim() ?? 'unknown'
}

function callsIn(info: string): ReadonlyMap<string, number> {
  const lines = info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  return new Map(Array.from(lines, ([, name, calls]) => [name as string, Number(calls)]))
}
