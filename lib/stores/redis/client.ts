import { reasonOf } from '../../util/reason.js'
import { knownOrNot, type Script } from './scripts.js'

/** What the store uses of ioredis: a `Redis` or a `Cluster`. */
export interface IoredisClient extends IoredisNode {
  get(key: string): Promise<unknown>
  del(key: string): Promise<unknown>
  evalsha(sha: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>
  eval(lua: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>
  /** Only on a `Cluster`. */
  nodes?(role: 'master'): readonly IoredisNode[]
  readonly options: NodeAddress & { readonly keyPrefix?: string | Buffer | undefined }
}

export interface IoredisNode {
  readonly options?: NodeAddress | undefined
  scan(cursor: string, match: 'MATCH', pattern: string, count: 'COUNT', some: number): Promise<[string, string[]]>
}

/** What the store uses of node-redis: a client, a pool or a sentinel client, or what `createCluster` makes. */
export interface NodeRedisClient extends NodeRedisNode {
  get(key: string): Promise<unknown>
  withCommandOptions(options: { timeout: number; abortSignal: AbortSignal }): NodeRedisCommands
  /** Only on a cluster. */
  readonly masters?: readonly object[]
  nodeClient?(master: never): Promise<NodeRedisNode>
  readonly _keyPrefix?: string | Buffer | undefined
}

export interface NodeRedisCommands {
  get(key: string): Promise<unknown>
  del(key: string): Promise<unknown>
  evalSha(sha: string, options: NodeRedisInput): Promise<unknown>
  eval(lua: string, options: NodeRedisInput): Promise<unknown>
}

export interface NodeRedisNode {
  scan(
    cursor: string,
    options: { MATCH: string; COUNT: number }
  ): Promise<{ cursor: unknown; keys: readonly unknown[] }>
}

interface NodeRedisInput {
  keys: string[]
  arguments: string[]
}

/** What the store uses of a `Redis` of `@upstash/redis`, which sends commands by HTTP. */
export interface UpstashClient {
  get(key: string): Promise<unknown>
  del(key: string): Promise<unknown>
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>
  eval(lua: string, keys: string[], args: string[]): Promise<unknown>
  scan(cursor: string, options: { match: string; count: number }): Promise<readonly [cursor: unknown, keys: unknown[]]>
}

export type RedisClient = IoredisClient | NodeRedisClient | UpstashClient

/**
 * The few commands that the store needs, the same whichever client sends them. What has not been sent when `late` aborts
 * is not sent any more, by node-redis; ioredis can't take it back.
 */
export interface Commands {
  get(key: string, late: AbortSignal): Promise<unknown>
  del(key: string, late: AbortSignal): Promise<unknown>
  /** Runs a script on one key. The server is sent its text only if it does not know it by name. */
  run(script: Script, key: string, parameters: string[], late: AbortSignal): Promise<unknown>
  /** For each node, in an order that stays: what goes through its keys that begin so. */
  scans(start: string): Promise<readonly Scan[]>
}

/** Some keys of a node, as `del` takes them; `next` is the cursor for others, `undefined` at the end. */
export type Scan = (cursor: string, some: number) => Promise<KeyPage>

export interface KeyPage {
  readonly keys: readonly string[]
  readonly next: string | undefined
}

/** The cursor with which SCAN begins, and with which it says that it has ended. */
export const FIRST = '0'

/** Told by what they do, for names say little. `undefined`: the client is none of them. */
export function commandsOf(client: RedisClient): Commands | undefined {
  if (client === null || typeof client !== 'object') return undefined
  if ('withCommandOptions' in client) return ofNodeRedis(client)
  if (!('evalsha' in client)) return undefined
  if ('autoPipeline' in client) return ofUpstash(client as UpstashClient)
  return 'options' in client ? ofIoredis(client) : undefined
}

function ofIoredis(client: IoredisClient): Commands {
  return {
    get: (key) => client.get(key),
    del: (key) => client.del(key),
    run: ({ lua, sha }, key, parameters) =>
      knownOrNot(
        () => client.evalsha(sha, 1, key, ...parameters),
        () => client.eval(lua, 1, key, ...parameters)
      ),
    async scans(start) {
      const prefix = String(client.options.keyPrefix ?? '')
      // A Cluster knows its masters only once it is connected; any command waits for that.
      if (client.nodes) await client.get(start)
      return inOrder(client.nodes?.('master') ?? [client], ({ options }) => options).map(
        (node) => async (cursor, some) =>
          pageOf(prefix, await node.scan(cursor, 'MATCH', pattern(prefix + start), 'COUNT', some))
      )
    }
  }
}

/**
 * Its own timeout for commands, 5 s by default since version 6, is off: it costs more than the command, and a signal
 * does the same for a tenth.
 */
function ofNodeRedis(client: NodeRedisClient): Commands {
  const until = (late: AbortSignal) => client.withCommandOptions({ timeout: 0, abortSignal: late })
  return {
    get: (key, late) => until(late).get(key),
    del: (key, late) => until(late).del(key),
    run: ({ lua, sha }, key, parameters, late) =>
      knownOrNot(
        () => until(late).evalSha(sha, { keys: [key], arguments: parameters }),
        () => until(late).eval(lua, { keys: [key], arguments: parameters })
      ),
    async scans(start) {
      const prefix = String(client._keyPrefix ?? '')
      // As above; one that is not connected has no masters, which must not pass for no keys.
      if (client.masters) await client.get(start)
      return (await nodeRedisMasters(client)).map((node) => async (from, some) => {
        const { cursor, keys } = await node.scan(from, { MATCH: pattern(prefix + start), COUNT: some })
        return pageOf(prefix, [cursor, keys])
      })
    }
  }
}

/** What is asked in one turn is one request, unless the app has switched that off. There is no taking back. */
function ofUpstash(client: UpstashClient): Commands {
  return {
    get: (key) => withoutCommand(client.get(key)),
    del: (key) => withoutCommand(client.del(key)),
    run: ({ lua, sha }, key, parameters) =>
      knownOrNot(
        () => withoutCommand(client.evalsha(sha, [key], parameters)),
        () => withoutCommand(client.eval(lua, [key], parameters))
      ),
    async scans(start) {
      return [async (from, some) => pageOf('', await client.scan(from, { match: pattern(start), count: some }))]
    }
  }
}

/** Upstash's errors repeat the command, with what the session holds: neither a log nor an answer may have that. */
async function withoutCommand<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw new Error(reasonOf(error).replace(/, command was: .*/s, ''))
  }
}

async function nodeRedisMasters(client: NodeRedisClient): Promise<readonly NodeRedisNode[]> {
  const { masters } = client
  if (!masters) return [client]
  const inTurn = inOrder(masters, (master) => master as NodeAddress)
  return Promise.all(inTurn.map((master) => client.nodeClient?.(master as never) as Promise<NodeRedisNode>))
}

/** Where a node is. */
export interface NodeAddress {
  readonly host?: unknown
  readonly port?: unknown
}

/** All keys that begin so, some at a time. */
export async function* keysFrom(commands: Commands, start: string): AsyncGenerator<readonly string[], void> {
  for (const scan of await commands.scans(start)) {
    for (let cursor: string | undefined = FIRST; cursor !== undefined; ) {
      const page: KeyPage = await scan(cursor, PAGE)
      if (page.keys.length > 0) yield page.keys
      cursor = page.next
    }
  }
}

/** How many keys a node is asked for at a time. */
const PAGE = 500

/** By their addresses, so that whoever goes on at a node later, or in another process, finds it in the same place. */
function inOrder<Node>(nodes: readonly Node[], addressOf: (node: Node) => NodeAddress | undefined): readonly Node[] {
  const named = nodes.map((node) => [`${addressOf(node)?.host}:${addressOf(node)?.port}`, node] as const)
  return named.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, node]) => node)
}

/** Keys come back as the server has them: with the prefix that the client itself puts before every key it sends. */
function pageOf(clientPrefix: string, [cursor, keys]: readonly [unknown, readonly unknown[]]): KeyPage {
  return {
    keys: keys.map((key) => String(key).slice(clientPrefix.length)),
    next: String(cursor) === FIRST ? undefined : String(cursor)
  }
}

/** The glob that matches what begins so, whatever characters it has. */
function pattern(start: string): string {
  return `${start.replace(/[*?[\]\\]/g, '\\$&')}*`
}
