import { execFile } from 'node:child_process'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { freePort, Server, temporaryDirectory } from './process.js'
import { findFirst, findProgram } from './programs.js'

export interface MysqlServer {
  readonly host: string
  readonly port: number
  /** The URL for the user `app`, who has all rights but those of an administrator. */
  readonly url: string
  /** Sends a statement of the test itself, as an administrator, and resolves to the rows. */
  admin(text: string): Promise<readonly Record<string, unknown>[]>
  start(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): void
  stop(): Promise<void>
}

const run = promisify(execFile)
const debianPackage = 'mariadb-server'

/** Starts MariaDB, or MySQL if that comes first in PATH, on a free loopback port, with a database `app`. */
export async function startMysql(...args: readonly string[]): Promise<MysqlServer> {
  // In Debian's package of MariaDB, `mysqld` is another name for `mariadbd`.
  const program = await findFirst(['mariadbd', 'mysqld'], debianPackage, ['/usr/sbin'])
  const port = await freePort()
  const directory = await temporaryDirectory('mysql')
  const inside = (name: string) => join(directory.path, name)
  // At its start, a server removes the temporary tables of all others that share its temporary directory.
  await mkdir(inside('tmp'))
  const folders = [`--datadir=${inside('data')}`, `--tmpdir=${inside('tmp')}`, `--basedir=${await baseOf(program)}`]
  const own = ['--no-defaults', ...folders, `--user=${userInfo().username}`]
  await (basename(program) === 'mariadbd' ? installMariadb(own) : run(program, [...own, '--initialize-insecure']))
  await writeFile(inside('init.sql'), users)

  const local = [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${inside('socket')}`,
    `--pid-file=${inside('pid')}`,
    // For MySQL: no second port, and a folder that otherwise only its package's installation creates.
    '--loose-mysqlx=OFF',
    `--secure-file-priv=${inside('tmp')}`
  ]
  const small = ['--skip-name-resolve', '--max-connections=300', '--innodb-buffer-pool-size=64M']
  const admin = async (text: string) => {
    const client = await mysql.createConnection({ host: '127.0.0.1', port, user: 'admin', connectTimeout: 5000 })
    try {
      return (await client.query<RowDataPacket[]>(text))[0]
    } finally {
      client.destroy()
    }
  }
  const server = new Server(
    {
      command: program,
      args: [...own, ...local, ...small, `--init-file=${inside('init.sql')}`, ...args],
      cwd: directory.path,
      debianPackage
    },
    async () => void (await admin('SELECT 1'))
  )
  await server.start()
  return {
    host: '127.0.0.1',
    port,
    url: `mysql://app@127.0.0.1:${port}/app`,
    admin,
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

async function installMariadb(own: readonly string[]): Promise<void> {
  const install = await findProgram('mariadb-install-db', debianPackage, ['/usr/bin'])
  await run(install, [...own, '--auth-root-authentication-method=normal', '--skip-test-db'])
}

/** Returns the folder of the server's own files: `/usr` if it is installed. */
async function baseOf(program: string): Promise<string> {
  return dirname(dirname(await realpath(program)))
}

/** MySQL requires each statement to be on one line. */
const users = `CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS admin@'%';
GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS app@'%';
GRANT ALL ON app.* TO app@'%';
`
