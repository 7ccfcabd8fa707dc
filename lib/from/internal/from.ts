import type { From, FromOptions, Mapping } from '../../../types/from.js'
import type { Arrivals } from '../../definition/arrivals.js'
import { ConfigError } from '../../errors.js'
import { isObject, otherOption } from '../../util/objects.js'
import type { Former } from './arrival.js'
import { OldArrivals } from './arrivals.js'
import type { Peer } from './peer.js'

/** An element of a definition's `from`. */
class FromPeer implements From {
  readonly kind = 'from'
  readonly former: Former

  constructor(former: Former) {
    this.former = former
  }

  get peer(): string {
    return this.former.peer.name
  }

  together(all: readonly From[]): Arrivals {
    return new OldArrivals(all.map((each) => (each as FromPeer).former))
  }
}

/**
 * Makes an element of a definition's `from`.
 * @throws FST_SESSIONS_CONFIG when an option can't work
 */
export function from<Old extends object, Data>(
  peer: Peer,
  map: Mapping<Old, Data>,
  options: FromOptions<Old> = {}
): From<Data> {
  const refuse = (reason: string): never => {
    throw new ConfigError(`from ${peer.name}: ${reason}`)
  }
  if (typeof map !== 'function') refuse(`expected a function from old data to new data, got ${typeof map}`)
  if (!isObject(options)) refuse(`expected an object of options, got ${typeof options}`)
  const other = otherOption(options, ['keepOld', 'subject', 'persist'])
  if (other !== undefined) refuse(other)
  const { keepOld, subject, persist } = options
  if (keepOld !== undefined && typeof keepOld !== 'boolean') refuse('keepOld: expected true or false')
  for (const [name, value] of Object.entries({ subject, persist })) {
    if (value !== undefined && typeof value !== 'function') refuse(`${name}: expected a function of the old data`)
  }
  return new FromPeer({ peer, mapped: { map, options } as unknown as Former['mapped'] }) as From<Data>
}

/**
 * Checks that the other plugin's options are an object without unknown names. Only those that determine how its cookies
 * are read are used.
 * @throws FST_SESSIONS_CONFIG when they are not
 */
export function checkPeerOptions(peer: string, options: unknown, known: readonly string[]): void {
  if (!isObject(options)) throw new ConfigError(`from ${peer}: expected the options of ${peer}, got ${typeof options}`)
  const other = otherOption(options, known)
  if (other !== undefined) throw new ConfigError(`from ${peer}: ${other}`)
}

/**
 * Returns the secrets as a list.
 * @throws FST_SESSIONS_CONFIG when there is no secret, or one is empty
 */
export function secretsOf(peer: string, option: string, secrets: unknown): readonly (string | Uint8Array)[] {
  const list = Array.isArray(secrets) ? secrets : [secrets]
  const isSecret = (each: unknown) => (typeof each === 'string' || each instanceof Uint8Array) && each.length > 0
  if (list.length > 0 && list.every(isSecret)) return list
  throw new ConfigError(`from ${peer}: ${option}: expected text or bytes, or an array of these`)
}
