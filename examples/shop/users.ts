import { randomBytes, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'

/** Somebody who can sign in here, and the password to try it with; a real shop asks its database, which knows no passwords. */
interface Person {
  readonly name: string
  readonly fullName: string
  readonly password: string
}

interface User {
  readonly name: string
  readonly fullName: string
  readonly salt: Buffer
  readonly hash: Buffer
}

/** OWASP Password Storage Cheat Sheet, "scrypt": 2^15, 8, 3, some 32 MB. */
const COST: ScryptOptions = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 }
const LENGTH = 32

const NOBODY: User = { name: '', fullName: '', salt: randomBytes(16), hash: randomBytes(LENGTH) }

export class Users {
  readonly demo: readonly Person[]
  readonly #users: readonly User[]

  constructor(people: readonly Person[]) {
    this.demo = people
    this.#users = people.map(({ password, ...user }) => {
      const salt = randomBytes(16)
      return { ...user, salt, hash: scryptSync(password, salt, LENGTH, COST) }
    })
  }

  /** The user with this name and password. Takes as long for a name that does not exist as for a wrong password. */
  async find(name: string, password: string): Promise<User | undefined> {
    const user = this.#users.find((candidate) => candidate.name === name) ?? NOBODY
    const isRight = timingSafeEqual(await hash(password, user.salt), user.hash)
    return isRight && user !== NOBODY ? user : undefined
  }
}

export const customers = new Users([
  { name: 'ada', fullName: 'Ada Lovelace', password: 'lovelace' },
  { name: 'grace', fullName: 'Grace Hopper', password: 'hopper' }
])

export const staff = new Users([{ name: 'joan', fullName: 'Joan Clarke', password: 'enigma' }])

function hash(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, LENGTH, COST, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
