import { randomBytes, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'

/** A person who can sign in to the demo, with the password. A real shop has a database, which holds no passwords. */
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

/** The cost of scrypt by OWASP's Password Storage Cheat Sheet (N = 2^15, r = 8, p = 3), some 32 MB. */
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

  /**
   * Returns the user with this name and password. It takes as long for a name that does not exist as for a wrong
   * password, so that the time does not reveal which names exist.
   */
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
