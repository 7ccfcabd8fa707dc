import { randomBytes, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'

export interface User {
  readonly name: string
  readonly fullName: string
  readonly salt: Buffer
  readonly hash: Buffer
}

/** Who can sign in here; a real shop asks its database. */
export const demoUsers = [
  { name: 'ada', fullName: 'Ada Lovelace', password: 'lovelace' },
  { name: 'grace', fullName: 'Grace Hopper', password: 'hopper' }
] as const

/** OWASP Password Storage Cheat Sheet, "scrypt": 2^15, 8, 3, some 32 MB. */
const COST: ScryptOptions = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 }
const LENGTH = 32

const users: readonly User[] = demoUsers.map(({ password, ...user }) => {
  const salt = randomBytes(16)
  return { ...user, salt, hash: scryptSync(password, salt, LENGTH, COST) }
})

const NOBODY: User = { name: '', fullName: '', salt: randomBytes(16), hash: randomBytes(LENGTH) }

/** The user with this name and password. Takes as long for a name that does not exist as for a wrong password. */
export async function findUser(name: string, password: string): Promise<User | undefined> {
  const user = users.find((candidate) => candidate.name === name) ?? NOBODY
  const isRight = timingSafeEqual(await hash(password, user.salt), user.hash)
  return isRight && user !== NOBODY ? user : undefined
}

function hash(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, LENGTH, COST, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
