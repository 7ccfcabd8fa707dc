import type { FastifyRequest } from 'fastify'
import type { InspectorOptions } from '../../types/inspector.js'
import { ConfigError } from '../errors.js'
import { otherOption } from '../util/objects.js'
import { Redaction } from './redaction.js'

export interface Settings {
  readonly path: string
  readonly authorize: ((request: FastifyRequest) => boolean | Promise<boolean>) | undefined
  readonly redaction: Redaction
}

/** Those that Fastify itself takes of what a plugin is registered with stand behind ours. */
const KNOWN = ['path', 'authorize', 'redact', 'prefix', 'logLevel', 'logSerializers']

/** `_csrf` is where @fastify/csrf-protection keeps what its tokens are made of; a verifier is that of PKCE (RFC 7636). */
const SECRET =
  /pass(word|phrase|code|wd)|secret|token|credential|(api|private|access).?key|authorization|[cx]srf|verifier/i

/** @throws FST_SESSIONS_CONFIG */
export function settingsOf(options: InspectorOptions): Settings {
  const other = otherOption(options, KNOWN)
  if (other !== undefined) refuse(other)
  const { path = '/_sessions', authorize, redact = [SECRET] } = options
  if (typeof path !== 'string' || !/^(\/[\w.~-]+)+$/.test(path)) {
    refuse(
      'path: expected a path such as "/_sessions", of letters, digits, "_", "-", "." and "~", without a slash at its end'
    )
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    refuse(`authorize: expected a function of the request, got ${typeof authorize}`)
  }
  if (!Array.isArray(redact) || !redact.every((each) => typeof each === 'string' || each instanceof RegExp)) {
    refuse('redact: expected an array of keys and regular expressions')
  }
  refuseInProduction(authorize)
  return { path, authorize, redaction: new Redaction(redact) }
}

function refuseInProduction(authorize: unknown): void {
  const { NODE_ENV = '' } = process.env
  if (authorize !== undefined || !/^\s*prod(uction)?\s*$/i.test(NODE_ENV)) return
  refuse(`NODE_ENV is "${NODE_ENV}": give an authorize function that tells who may use it, or do not register it there`)
}

function refuse(reason: string): never {
  throw new ConfigError(`sessionsInspector: ${reason}`)
}
