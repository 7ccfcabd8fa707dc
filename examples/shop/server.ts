/**
 * Starts the shop: `npm start`. Environment variables: PORT (3000), SESSION_KEY (by default one made for development),
 * DATA (the folder of sessions and orders: examples/shop/.data), LOG_LEVEL (warn).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildShop } from './app.js'
import { developmentKey } from './key.js'
import { Orders } from './orders.js'
import { home } from './paths.js'
import { shopSessions } from './sessions.js'

const { PORT = '3000', SESSION_KEY, DATA = join(home, '.data'), LOG_LEVEL = 'warn' } = process.env

mkdirSync(DATA, { recursive: true, mode: 0o700 })
const keys = [SESSION_KEY || developmentKey(join(DATA, 'key'))]
// Safari does not accept secure cookies from http://localhost. A shop on the web leaves this option out.
const secure = 'auto'
const sessions = shopSessions({ directory: DATA, keys, secure })
const app = await buildShop({ sessions, orders: new Orders(join(DATA, 'orders')) }, { logger: { level: LOG_LEVEL } })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())

try {
  const address = await app.listen({ port: Number(PORT), host: 'localhost' })
  console.log(`The shop is open at ${address.replace(/\[::1\]|127\.0\.0\.1/, 'localhost')}`)
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
  console.error(`Port ${PORT} is taken. Try another: PORT=8080 npm start`)
  process.exit(1)
}
