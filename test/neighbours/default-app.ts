import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type SessionsOptions } from '../../lib/index.js'
import type { DefaultSession } from '../../types/default.js'
import { buildApp } from '../client.js'

export const schema = z.strictObject({ user: z.string().optional(), items: z.array(z.string()).default([]) })

/** The type of `request.session` in an app that has registered its options with the types. */
export type Theirs = DefaultSession<typeof schema> & Record<string, unknown>

export function theirs(request: FastifyRequest): Theirs {
  return request.session as unknown as Theirs
}

export async function appOn(
  t: Test,
  store: string,
  more: Partial<SessionsOptions> = {},
  log?: object[]
): Promise<FastifyInstance> {
  const flash = z.object({ notice: z.string() })
  const options = {
    stores: { memory: memoryStore() },
    default: 'login',
    sessions: { login: { store, schema, flash }, prefs: { schema } },
    ...more
  }
  return buildApp(t, options as Partial<SessionsOptions>, log)
}
