import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DefaultSession } from './default-session.js'
import type { HandlerSession } from './handler-session.js'
import { INSPECT } from './session-view.js'

type SessionOf = (this: FastifyRequest, name: string) => HandlerSession

/**
 * Makes `request.session` callable by name, and at the same time the session named `name` for plugins for
 * @fastify/session or @fastify/secure-session. A request's object is created when it is first used.
 */
export function decorateWithDefault(app: FastifyInstance, name: string, sessionOf: SessionOf): void {
  const kDefault = Symbol('fastify-sessions default')
  app.decorateRequest(kDefault, null)
  app.decorateRequest('session', {
    getter() {
      const kept = this as unknown as { [kDefault]?: object | null }
      kept[kDefault] ??= sessionObject(this, name, sessionOf)
      return kept[kDefault] as FastifyRequest['session']
    }
  })
}

function sessionObject(request: FastifyRequest, name: string, sessionOf: SessionOf): object {
  const byName = (other: string) => sessionOf.call(request, other)
  // `util.inspect` looks through a proxy at its target.
  Object.assign(byName, { [INSPECT]: () => `request.session, of which the default is "${name}"` })
  return new Proxy(byName, new Traps(new DefaultSession(() => byName(name))))
}

/** The object's members. Every other name is a key of the session. */
const MEMBERS: ReadonlySet<PropertyKey> = new Set<keyof DefaultSession>([
  'get',
  'set',
  'data',
  'options',
  'touch',
  'regenerate',
  'save',
  'reload',
  'destroy',
  'delete',
  'sessionId',
  'changed',
  'deleted',
  'cookie'
])

/** Members that every function has. */
const CALLS: ReadonlySet<PropertyKey> = new Set(['call', 'apply'])

class Traps implements ProxyHandler<object> {
  readonly #session: DefaultSession

  constructor(session: DefaultSession) {
    this.#session = session
  }

  get(target: object, key: PropertyKey, proxy: object): unknown {
    const session = this.#session
    if (MEMBERS.has(key)) return bound(session, session[key as keyof DefaultSession])
    // `request.getDecorator('session')` calls `bind`, but this function already knows its request.
    if (key === 'bind') return () => proxy
    if (typeof key === 'symbol' || CALLS.has(key) || Object.hasOwn(Object.prototype, key))
      return Reflect.get(target, key)
    return session.get(String(key))
  }

  set(_target: object, key: PropertyKey, value: unknown): boolean {
    if (MEMBERS.has(key)) return Reflect.set(this.#session, key, value)
    this.#session.set(key as string, value)
    return true
  }

  has(target: object, key: PropertyKey): boolean {
    if (typeof key === 'symbol') return Reflect.has(target, key)
    return MEMBERS.has(key) || this.#session.has(String(key))
  }

  deleteProperty(_target: object, key: PropertyKey): boolean {
    if (typeof key === 'string' && !MEMBERS.has(key)) this.#session.remove(key)
    return true
  }

  ownKeys(): string[] {
    return this.#session.keys()
  }

  getOwnPropertyDescriptor(_target: object, key: PropertyKey): PropertyDescriptor | undefined {
    if (typeof key === 'symbol' || !this.#session.has(String(key))) return undefined
    return { value: this.#session.get(String(key)), writable: true, enumerable: true, configurable: true }
  }

  defineProperty(_target: object, key: PropertyKey, { value }: PropertyDescriptor): boolean {
    return this.set(_target, key, value)
  }

  /** Refuses to freeze the session: it has to stay changeable. */
  preventExtensions(): boolean {
    return false
  }
}

function bound(session: DefaultSession, member: unknown): unknown {
  return typeof member === 'function' ? member.bind(session) : member
}
