import type { RecordStore } from '../../types/store.js'
import { SealedValues } from '../cookie/sealed-values.js'
import { ConfigError } from '../errors.js'
import type { AppEvents } from '../events/app-events.js'
import { DefinitionEvents } from '../events/definition-events.js'
import { breakerOf, CircuitBreaker } from '../records/circuit-breaker.js'
import { parseRecord, type SessionRecord } from '../records/record.js'
import { RecordCache } from '../records/record-cache.js'
import { parseTicket } from '../records/ticket.js'
import { checkDefaults } from '../schema/codecs.js'
import type { KeyRing } from '../seal/keys.js'
import { Sealer } from '../seal/sealer.js'
import type { ResolvedDefinition } from './definition.js'
import type { Draft } from './draft.js'
import type { ForeignSeal } from './foreign-seal.js'
import { Superseded } from './superseded.js'

/**
 * Combines a draft with its store.
 * @throws FST_SESSIONS_CONFIG when a default returns another value than when the session was defined, or there is a
 * limit for a session on the cookie store
 */
export function resolve(
  { definition, settings, defaults }: Draft,
  store: RecordStore | undefined,
  isNamed: boolean,
  ring: KeyRing,
  events: AppEvents
): ResolvedDefinition {
  const { name, codec } = settings
  checkDefaults(name, codec, defaults)
  if (settings.limit !== undefined && store === undefined) {
    throw new ConfigError(`session "${name}": limit needs a record store: nobody knows how many cookies there are`)
  }
  const { seal } = definition
  const foreign = typeof seal === 'object' ? (seal as ForeignSeal) : undefined
  const sealer = (purpose: string) => new Sealer(ring, `${purpose} ${name}`, seal === 'sign' ? seal : 'encrypt')
  const isConstant = ({ f }: SessionRecord) => codec.makesCopies && f === undefined
  return {
    ...settings,
    store,
    events: new DefinitionEvents(events, name, definition.store ?? 'cookie'),
    isNamed,
    breaker: store === undefined ? new CircuitBreaker() : breakerOf(store),
    sealedRecords:
      (store === undefined ? foreign?.records(settings) : undefined) ??
      new SealedValues(sealer('record'), ring, parseRecord, isConstant),
    sealedTickets:
      (store === undefined ? undefined : foreign?.tickets(settings)) ??
      new SealedValues(sealer('ticket'), ring, parseTicket, () => true),
    recordCache: new RecordCache(isConstant),
    superseded: new Superseded(),
    successors: new Sealer(ring, `successor ${name}`, 'encrypt')
  }
}

/** Erases the definition's keys, and everything that was opened with them. */
export function closeSealers({ sealedRecords, sealedTickets, successors }: ResolvedDefinition): void {
  for (const each of [sealedRecords, sealedTickets, successors]) each.close()
}
