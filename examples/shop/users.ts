import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'

interface User {
  readonly name: string
  readonly salt: Buffer
  readonly hash: Buffer
}

/** Who can sign in here; a real shop asks its database. */
export const demoUsers = [
  { name: 'ada', password: 'lovelace' },
  { name: 'grace', password: 'hopper' }
] as const

const users: readonly User[] = demoUsers.map(({ name, password }) => {
  const salt = randomBytes(16)
  return { name, salt, hash: scryptSync(password, salt, 32) }
})

const NOBODY: User = { name: '', salt: randomBytes(16), hash: randomBytes(32) }

/** Takes as long for a name that does not exist as for a wrong password. */
export function checkPassword(name: string, password: string): boolean {
  const user = users.find((candidate) => candidate.name === name) ?? NOBODY
  return timingSafeEqual(scryptSync(password, user.salt, 32), user.hash) && user !== NOBODY
}
