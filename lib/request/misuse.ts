import { UnknownSessionError, UnsupportedError } from '../errors.js'

/**
 * The prototype of all sessions. It refuses assignments such as `session.user = …`, which would look as if they were
 * saved. Making each session non-extensible instead would cost time in every request.
 */
export const NO_PROPERTIES: object = new Proxy(
  {},
  {
    set(_, key, _value, session: { readonly name: string }) {
      throw new UnsupportedError(session.name, `"${String(key)}" would not be kept: use set()`)
    }
  }
)

/** The members that a session has here, in @fastify/session or in @fastify/secure-session. */
const MEMBERS = new Set(
  (
    'get set has update delete clear data flash flashes peek persist cookie regenerate destroy identify load save id isNew ' +
    'isDirty createdAt expiresAt problem subject subjects signal sessionId encryptedSessionId touch reload options changed deleted'
  ).split(' ')
)

/**
 * Returns the prototype of `request.session`, the one function that all requests share. If code uses it as a session,
 * as with other plugins or Nest's `@Session()`, an error says what to write instead.
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
