import { createHmac, timingSafeEqual } from 'node:crypto'

type Secret = string | Uint8Array

/** Whether one of the secrets made the signature, which is an HMAC in base64. */
export function isSigned(
  text: string,
  signature: string,
  secrets: readonly Secret[],
  algorithm: string,
  form: (base64: string) => string
): boolean {
  const given = Buffer.from(signature)
  return secrets.some((secret) => {
    const expected = Buffer.from(form(createHmac(algorithm, secret).update(text).digest('base64')))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

/**
 * Returns the value of `value.signature`, the format of the packages cookie-signature and @fastify/cookie; `undefined`
 * if it is forged.
 */
export function unsign(signed: string, secrets: readonly Secret[], algorithm = 'sha256'): string | undefined {
  const dot = signed.lastIndexOf('.')
  if (dot < 1) return undefined
  const value = signed.slice(0, dot)
  return isSigned(value, signed.slice(dot + 1), secrets, algorithm, withoutPadding) ? value : undefined
}

function withoutPadding(base64: string): string {
  return base64.replace(/=+$/, '')
}

/** Converts base64 to the alphabet that Keygrip uses, without padding. */
export function urlSafe(base64: string): string {
  return withoutPadding(base64).replaceAll('+', '-').replaceAll('/', '_')
}
