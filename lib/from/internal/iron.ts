import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { isObject } from '../../util/objects.js'
import { parseJson } from '../../util/parse.js'
import type { OldSession } from './peer.js'

/** Passwords by id. */
export type Passwords = ReadonlyMap<string, string>

/**
 * The format of iron, as iron-session writes it: `Fe26.2*id*salt*iv*text*expiration*salt*mac`, then `~2`. The text is
 * encrypted by AES-256 in CBC mode. Everything before the second salt is authenticated by HMAC-SHA256. Each of the two
 * keys is derived from the password and a salt by one round of PBKDF2-SHA1.
 */
const FORM =
  /^(Fe26\.2\*(\w{0,64})\*([\da-f]{0,128})\*([\w-]{22})\*([\w-]{1,4096})\*(\d{0,16}))\*([\da-f]{0,128})\*([\w-]{43})(?:~(\d{1,3}))?$/

/** Opens a seal. `undefined`: none of the passwords sealed it. */
export function unseal(sealed: string, passwords: Passwords): OldSession | undefined {
  const [
    ,
    authenticated = '',
    id = '',
    salt = '',
    iv = '',
    text = '',
    expiration = '',
    macSalt = '',
    mac = '',
    version
  ] = FORM.exec(sealed) ?? []
  const password = passwords.get(id)
  if (password === undefined || !isAuthentic(authenticated, mac, keyFor(password, macSalt))) return undefined
  const ends = expiration === '' ? NEVER : Number(expiration)
  const read = (now: number) => {
    const data = ends > now ? decrypt(text, iv, keyFor(password, salt), version) : undefined
    return data && { data, ends }
  }
  return { identity: mac, value: sealed, read }
}

const NEVER = Number.POSITIVE_INFINITY

function keyFor(password: string, salt: string): Buffer {
  return pbkdf2Sync(password, salt, 1, 32, 'sha1')
}

function isAuthentic(text: string, mac: string, key: Buffer): boolean {
  const expected = Buffer.from(createHmac('sha256', key).update(text).digest('base64url'))
  return timingSafeEqual(Buffer.from(mac), expected)
}

/** Decrypts the session. Seals before version 2 have it under the member `persistent`. */
function decrypt(
  text: string,
  iv: string,
  key: Buffer,
  version: string | undefined
): Readonly<Record<string, unknown>> | undefined {
  const held = parseJson(plain(text, iv, key))
  const data = version === '2' ? held : isObject(held) && held['persistent']
  return isObject(data) ? data : undefined
}

/** Decrypts a text. The result is empty if the text, although authentic, is not a valid ciphertext. */
function plain(text: string, iv: string, key: Buffer): string {
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'base64url'))
    return decipher.update(text, 'base64url', 'utf8') + decipher.final('utf8')
  } catch {
    return ''
  }
}
