import { reasonOf } from '../../util/reason.js'
import { knownOrNot, type Script } from './scripts.js'

/** The members of an ioredis `Redis` or `Cluster` that the store uses. */
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

/** The members of a node-redis client that the store uses: a client, a pool, a sentinel client or a cluster. */
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

/** The methods of a `Redis` of `@upstash/redis` that the store uses. It sends commands over HTTP. */
export interface UpstashClient {
  get(key: string): Promise<unknown>
  del(key: string): Promise<unknown>
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>
  eval(lua: string, keys: string[], args: string[]): Promise<unknown>
  scan(cursor: string, options: { match: string; count: number }): Promise<readonly [cursor: unknown, keys: unknown[]]>
}

export type RedisClient = IoredisClient | NodeRedisClient | UpstashClient

/**
 * The commands that the store needs, the same for every client. When `late` aborts, node-redis drops a command that it
 * has not sent yet; ioredis and Upstash can't.
 */
export interface Commands {
  get(key: string, late: AbortSignal): Promise<unknown>
  del(key: string, late: AbortSignal): Promise<unknown>
  /** Runs a script on one key. Its text is sent only if the server does not know the script by its SHA-1. */
  run(script: Script, key: string, parameters: string[], late: AbortSignal): Promise<unknown>
  /** Resolves to a scan for each node, in a stable order, of the node's keys that begin with `start`. */
  scans(start: string): Promise<readonly Scan[]>
}

/** Returns some keys of a node, as `del` takes them. `next` is the cursor of the next page, `undefined` at the end. */
export type Scan = (cursor: string, some: number) => Promise<KeyPage>

export interface KeyPage {
  readonly keys: readonly string[]
  readonly next: string | undefined
}

/** SCAN's cursor for the beginning, which it also returns at the end. */
export const FIRST = '0'

/**
 * Returns the commands of a client. The client is recognized by its methods, because the name of its class says little.
 * `undefined`: the client is of another kind.
 */
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
 * Turns off node-redis's own timeout for commands (5 s by default since version 6), which takes more processor time
 * than the command itself. The abort signal serves the same purpose and is cheaper.
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
      // As above: a cluster that is not connected has no masters, which would look as if it had no keys.
      if (client.masters) await client.get(start)
      return (await nodeRedisMasters(client)).map((node) => async (from, some) => {
        const { cursor, keys } = await node.scan(from, { MATCH: pattern(prefix + start), COUNT: some })
        return pageOf(prefix, [cursor, keys])
      })
    }
  }
}

/**
 * Upstash sends the commands of one turn of the event loop as one request, unless the app has turned that off. A
 * command can't be aborted.
 */
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

/**
 * Removes the command from Upstash's errors. They quote it with the session's values, which must not appear in a log or
 * a response.
 */
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

/** The address of a node. */
export interface NodeAddress {
  readonly host?: unknown
  readonly port?: unknown
}

/** Yields all keys that begin with `start`, page by page. */
export async function* keysFrom(commands: Commands, start: string): AsyncGenerator<readonly string[], void> {
  for (const scan of await commands.scans(start)) {
    for (let cursor: string | undefined = FIRST; cursor !== undefined; ) {
      const page: KeyPage = await scan(cursor, PAGE)
      if (page.keys.length > 0) yield page.keys
      cursor = page.next
    }
  }
}

/** About how many keys to ask a node for at a time. */
const PAGE = 500

/**
 * Sorts the nodes by their addresses, so that a position in the list stays valid for a later call, also in another
 * process.
 */
function inOrder<Node>(nodes: readonly Node[], addressOf: (node: Node) => NodeAddress | undefined): readonly Node[] {
  const named = nodes.map((node) => [`${addressOf(node)?.host}:${addressOf(node)?.port}`, node] as const)
  return named.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, node]) => node)
}

/**
 * Converts an answer of SCAN. The server returns keys with the prefix that the client itself adds to every key, so it
 * is cut off.
 */
function pageOf(clientPrefix: string, [cursor, keys]: readonly [unknown, readonly unknown[]]): KeyPage {
  return {
    keys: keys.map((key) => String(key).slice(clientPrefix.length)),
    next: String(cursor) === FIRST ? undefined : String(cursor)
  }
}

/** Returns the glob that matches every key with this prefix. Characters that are special in a glob are escaped. */
function pattern(start: string): string {
  return `${start.replace(/[*?[\]\\]/g, '\\$&')}*`
}
