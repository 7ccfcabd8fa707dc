import { once } from 'node:events'
import { connect } from 'node:net'
import { freePort, Server } from './process.js'

export interface MemcachedServer {
  readonly host: string
  readonly port: number
  /** `host:port` */
  readonly address: string
  version(): Promise<string>
  start(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): void
  stop(): Promise<void>
}

/** Starts Debian's memcached on a free loopback port. */
export async function startMemcached(...args: readonly string[]): Promise<MemcachedServer> {
  const port = await freePort()
  const own = ['--listen=127.0.0.1', `--port=${port}`, '--udp-port=0']
  const server = memcached([...own, ...args], () => canConnect({ host: '127.0.0.1', port }))
  await server.start()
  return {
    host: '127.0.0.1',
    port,
    address: `127.0.0.1:${port}`,
    version: async () => (await say(port, 'version\r\n')).replace('VERSION', '').trim(),
    start: () => server.start(),
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    stop: () => server.kill()
  }
}

/** Starts memcached at a Unix socket. */
export async function startMemcachedAt(path: string): Promise<{ stop(): Promise<void> }> {
  const server = memcached([`--unix-socket=${path}`, '--unix-mask=777'], () => canConnect({ path }))
  await server.start()
  return { stop: () => server.kill() }
}

/** Sends a command on a new connection, and resolves to the first packet of the answer. */
export async function say(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write(command)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return String(answer)
  } finally {
    socket.destroy()
  }
}

function memcached(args: readonly string[], answers: () => Promise<void>): Server {
  const user = process.getuid?.() === 0 ? ['--user=nobody'] : []
  return new Server({ command: 'memcached', args: [...user, ...args], debianPackage: 'memcached' }, answers)
}

async function canConnect(to: { host: string; port: number } | { path: string }): Promise<void> {
  const socket = connect(to)
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}
