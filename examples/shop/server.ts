/** Starts the shop: `npm start`, or with another port: `PORT=8080 npm start`. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildShop } from './app.js'
import { shopSessions } from './sessions.js'

const directory = join(process.cwd(), 'examples/shop/.data')
mkdirSync(directory, { recursive: true, mode: 0o700 })
const app = await buildShop(shopSessions({ directory, keys: [process.env['SESSION_KEY'] ?? developmentKey()] }))
const address = await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: 'localhost' })
console.log(`The shop is open at ${address.replace(/\[::1\]|127\.0\.0\.1/, 'localhost')}`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())

/** Made at the first start and kept, so that a restart signs nobody out. In production it comes from the environment. */
function developmentKey(): string {
  const file = join(directory, 'key')
  try {
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(file, 'utf8')
}
