import type { FastifyRequest } from 'fastify'
import { requestIn } from '../events/shown.js'
import { tellRefused } from '../load/telling.js'
import type { Loaded } from '../session/origin.js'
import type { SessionState } from '../session/state.js'

/**
 * Publishes that a session was asked for, the first time in its request, and whether its stored payload can't be read.
 */
export function tellOpened(request: FastifyRequest, state: SessionState, loaded: Loaded): void {
  const { definition, problem, isNew, origin, log } = state
  if (problem === 'schema' || problem === 'newer') tellUnread(request, state, loaded)
  const { events } = definition
  if (!events.app.areOpeningsHeard(log)) return
  const about = { id: origin?.location?.id, subject: origin?.record.s, request: requestIn(request) }
  events.tell('opened', log, { ...about, isNew, problem })
}

function tellUnread(request: FastifyRequest, { definition, problem }: SessionState, { origin, value }: Loaded): void {
  const sealed = value ?? origin?.came?.value ?? ''
  const refusal = { value: sealed, id: origin?.location?.id, subject: origin?.record.s }
  tellRefused(definition, request, { problem, refusal })
}
