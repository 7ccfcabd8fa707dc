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
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** Debian's memcached on a free port of loopback. */
export async function startMemcached(...args: readonly string[]): Promise<MemcachedServer> {
  const port = await freePort()
  const own = ['--listen=127.0.0.1', `--port=${port}`, '--udp-port=0']
  if (process.getuid?.() === 0) own.push('--user=nobody')
  const program = { command: 'memcached', args: [...own, ...args], debianPackage: 'memcached' }
  const server = new Server(program, () => canConnect(port))
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
    stop: () => server.stop()
  }
}

/** Sends a command on a connection of its own; resolves to the first packet of the answer. */
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

async function canConnect(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}
