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
  /** Sends a statement of the test itself, and resolves to the rows. */
  admin(text: string): Promise<readonly Record<string, unknown>[]>
  start(): Promise<void>
  /** Ends the server without a checkpoint, like a crash: committed data is recovered at the next start. */
  kill(): Promise<void>
  /** Keeps files from growing beyond this many bytes, as on a full disk. Without a number, removes the limit. */
  limitFiles(bytes?: number): Promise<void>
  /** The ids of the process that accepts connections, and of those that serve one. */
  pids(): Promise<readonly number[]>
  stop(): Promise<void>
}

const run = promisify(execFile)
const debianPackage = 'postgresql'

/**
 * Starts PostgreSQL on a free loopback port, not as root, because it refuses that. `settings` are those of `-c
 * name=value`.
 */
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
  const pids = async () => {
    const rows = await admin(
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    const [file] = await admin("SELECT pg_read_file('postmaster.pid') AS text")
    return [Number.parseInt(String(file?.['text']), 10), ...rows.map(({ pid }) => Number(pid))]
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
    limitFiles: async (bytes) => {
      const limit = `--fsize=${bytes ?? 'unlimited'}:unlimited`
      for (const pid of await pids()) await run(...as('prlimit', [`--pid=${pid}`, limit]))
    },
    pids,
    stop: async () => {
      await server.stop()
      await directory.remove()
    }
  }
}

/**
 * Returns the user that Debian's package creates, if the tests run as root; `undefined` for any other user, who can
 * start the server.
 */
async function otherThanRoot(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])))
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) }
}
