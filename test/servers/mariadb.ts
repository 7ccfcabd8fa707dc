import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { freePort, Server, temporaryDirectory } from './process.js'
import { findProgram } from './programs.js'

export interface MariadbServer {
  readonly host: string
  readonly port: number
  /** For the user `app`, who has all rights but those of an administrator. */
  readonly url: string
  /** For statements of the test itself, as an administrator; resolves to the rows. */
  admin(text: string): Promise<readonly Record<string, unknown>[]>
  start(): Promise<void>
  kill(): Promise<void>
  pause(): void
  resume(): void
  stop(): Promise<void>
}

const run = promisify(execFile)
const debianPackage = 'mariadb-server'

/** A MariaDB of its own on a free port of loopback, with a database `app`. */
export async function startMariadb(...args: readonly string[]): Promise<MariadbServer> {
  const mariadbd = await findProgram('mariadbd', debianPackage, ['/usr/sbin'])
  const install = await findProgram('mariadb-install-db', debianPackage, ['/usr/bin'])
  const port = await freePort()
  const directory = await temporaryDirectory('mariadb')
  const inside = (name: string) => join(directory.path, name)
  // A server that starts removes the temporary tables of all others that share the directory for them.
  await mkdir(inside('tmp'))
  const folders = [`--datadir=${inside('data')}`, `--tmpdir=${inside('tmp')}`]
  const own = ['--no-defaults', ...folders, `--user=${userInfo().username}`]
  await run(install, [...own, '--auth-root-authentication-method=normal', '--skip-test-db'])
  await writeFile(inside('init.sql'), users)

  const local = [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${inside('socket')}`,
    `--pid-file=${inside('pid')}`
  ]
  const small = ['--skip-name-resolve', '--max-connections=300', '--innodb-buffer-pool-size=64M']
  const program = {
    command: mariadbd,
    args: [...own, ...local, ...small, `--init-file=${inside('init.sql')}`, ...args],
    cwd: directory.path,
    debianPackage
  }
  const admin = async (text: string) => {
    const client = await mysql.createConnection({ host: '127.0.0.1', port, user: 'admin', connectTimeout: 5000 })
    try {
      return (await client.query<RowDataPacket[]>(text))[0]
    } finally {
      client.destroy()
    }
  }
  const server = new Server(program, async () => void (await admin('SELECT 1')))
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

const users = `CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS admin@'%';
GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS app@'%';
GRANT ALL ON app.* TO app@'%';
`
