import { UnknownSessionError, UnsupportedError } from '../errors.js'

/**
 * What all sessions inherit: `session.user = …` would look as if it were kept. To make each of them not extensible takes a
 * twentieth of a read.
 */
export const NO_PROPERTIES: object = new Proxy(
  {},
  {
    set(_, key, _value, session: { readonly name: string }) {
      throw new UnsupportedError(session.name, `"${String(key)}" would not be kept: use set()`)
    }
  }
)

/** What is asked of the session itself, here or in @fastify/session and @fastify/secure-session. */
const MEMBERS = new Set(
  (
    'get set has update delete clear data flash flashes peek persist cookie regenerate destroy identify load save id isNew ' +
    'isDirty createdAt expiresAt problem subject subjects signal sessionId encryptedSessionId touch reload options changed deleted'
  ).split(' ')
)

/**
 * What `request.session` inherits, the one function of all requests: who takes it for a session, as other plugins have it
 * and Nest's `@Session()` gives it, is told what to write.
 */
export function noSession(names: () => readonly string[]): object {
  const refuse = (key: string, instead: string): never => {
    const [name = 'name'] = names()
    const reason = `request.session is a function that gives the session of a name: write request.session("${name}")${instead}`
    throw new UnknownSessionError(
      `request.session.${key}: ${reason} (in Nest take @Req(), not @Session()); for plugins that expect a session there, give the options default: "${name}"`
    )
  }
  return new Proxy(Function.prototype, {
    get: (target, key, receiver) =>
      MEMBERS.has(key as string) ? refuse(String(key), `.${String(key)}`) : Reflect.get(target, key, receiver),
    set: (_, key) => refuse(String(key), `.set("${String(key)}", …)`)
  })
}
