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

const SECRET = /pass(word|phrase)|secret|token|credential|api.?key/i

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
  if (authorize !== undefined || process.env['NODE_ENV'] !== 'production') return
  refuse('NODE_ENV is "production": give an authorize function that tells who may use it, or do not register it there')
}

function refuse(reason: string): never {
  throw new ConfigError(`sessionsInspector: ${reason}`)
}
