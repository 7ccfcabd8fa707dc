import { execFile } from 'node:child_process'
import { chown } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort, Server, temporaryDirectory } from './process.js'
import { findProgram } from './programs.js'

export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly url: string
  /** For statements of the test itself; resolves to the rows. */
  admin(text: string): Promise<readonly Record<string, unknown>[]>
  start(): Promise<void>
  /** Ends it without a checkpoint, as a crash would: what was committed is recovered at the next start. */
  kill(): Promise<void>
  stop(): Promise<void>
}

const run = promisify(execFile)
const debianPackage = 'postgresql'

/** A PostgreSQL of its own on a free port of loopback, not as root, which it refuses. `settings` as in `-c name=value`. */
export async function startPostgres(settings: Readonly<Record<string, string | number>> = {}): Promise<PostgresServer> {
  const initdb = await findProgram('initdb', debianPackage, ['/usr/lib/postgresql/*/bin'])
  const port = await freePort()
  const directory = await temporaryDirectory('postgres')
  const user = await otherThanRoot()
  if (user) await chown(directory.path, user.uid, user.gid)
  const as = (command: string, args: readonly string[]): [string, readonly string[]] =>
    user
      ? ['setpriv', [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', command, ...args]]
      : [command, args]

  const data = join(directory.path, 'data')
  await run(
    ...as(initdb, ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8']),
    {
      cwd: directory.path
    }
  )
  const own = { listen_addresses: '127.0.0.1', port, unix_socket_directories: directory.path }
  const all = { ...own, fsync: 'off', max_connections: 300, ...settings }
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, whole] = as(join(dirname(initdb), 'postgres'), ['-D', data, ...args])

  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const admin = async (text: string) => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }
  const signals = { kill: 'SIGQUIT', stop: 'SIGINT' } as const
  const server = new Server({ command, args: whole, cwd: directory.path, debianPackage, signals }, async () => {
    await admin('SELECT 1')
  })
  await server.start()
  return {
    host: '127.0.0.1',
    port,
    url,
    admin,
    start: () => server.start(),
    kill: () => server.kill(),
    stop: async () => {
      await server.stop()
      await directory.remove()
    }
  }
}

/** Debian's package makes the user; for any other user than root, who it is. */
async function otherThanRoot(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])))
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) }
}
