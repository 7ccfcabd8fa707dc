import type { IoredisNode, NodeAddress, NodeRedisNode } from '../redis/client.js'
import { knownOrNot, type Script } from '../redis/scripts.js'

/** The members of an ioredis `Redis` or `Cluster` that the store uses. */
export interface BinaryIoredis extends IoredisNode {
  get(key: string): Promise<unknown>
  del(key: string): Promise<unknown>
  evalsha(sha: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>
  eval(lua: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>
  callBuffer(command: string, ...rest: (string | Buffer)[]): Promise<unknown>
  nodes?(role: 'master'): readonly IoredisNode[]
  readonly options: NodeAddress & { readonly keyPrefix?: string | Buffer | undefined }
}

/** The members of a node-redis client that the store uses. */
export interface BinaryNodeRedis extends NodeRedisNode {
  // biome-ignore lint/suspicious/noExplicitAny: its options, and the commands, have types of the client's own settings
  withCommandOptions(options: any): any
  readonly masters?: readonly object[]
  nodeClient?(master: never): Promise<NodeRedisNode>
  readonly _keyPrefix?: string | Buffer | undefined
}

export type BinaryClient = BinaryIoredis | BinaryNodeRedis

/** Runs a script on one key. Arguments and results may be bytes. */
export type RunBinary = (
  script: Script,
  key: string,
  parameters: readonly (string | Buffer)[],
  late: AbortSignal
) => Promise<unknown>

interface NodeRedisScripts {
  evalSha(sha: string, input: object): Promise<unknown>
  eval(lua: string, input: object): Promise<unknown>
}

/** Returns the function that runs scripts through a client. `undefined`: the client is of another kind. */
export function binaryOf(client: BinaryClient): RunBinary | undefined {
  if (client === null || typeof client !== 'object') return undefined
  if ('withCommandOptions' in client) return ofNodeRedis(client)
  return 'callBuffer' in client ? ofIoredis(client) : undefined
}

function ofIoredis(client: BinaryIoredis): RunBinary {
  return ({ lua, sha }, key, parameters) =>
    knownOrNot(
      () => client.callBuffer('evalsha', sha, '1', key, ...parameters),
      () => client.callBuffer('eval', lua, '1', key, ...parameters)
    )
}

/** The type code of bulk strings in the Redis protocol (RESP), the character `$`. */
const BLOB_STRING = 36

function ofNodeRedis(client: BinaryNodeRedis): RunBinary {
  return ({ lua, sha }, key, parameters, abortSignal) => {
    const typeMapping = { [BLOB_STRING]: Buffer }
    const scripts: NodeRedisScripts = client.withCommandOptions({ timeout: 0, abortSignal, typeMapping })
    const input = { keys: [key], arguments: [...parameters] }
    return knownOrNot(
      () => scripts.evalSha(sha, input),
      () => scripts.eval(lua, input)
    )
  }
}
