import { CookieHeader } from '../cookie/header.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { isEncrypted, keyIdIn } from '../seal/sealer.js'
import type { Opened } from './app.js'
import { describe, describeStored } from './describe.js'

/** Takes cookies apart: all of the app's that a `Cookie` header has, or one value of a session that it has to tell by itself. */
export async function inspect({ registry }: Opened, text: string, isWithValues: boolean) {
  const found = text.includes('=') ? inHeader(registry.definitions, text) : byItself(registry.definitions, text.trim())
  return Promise.all(found.map(([definition, value]) => look(definition, value, registry.keyIds, isWithValues)))
}

type Found = readonly [definition: ResolvedDefinition | undefined, value: string]

function inHeader(definitions: readonly ResolvedDefinition[], text: string): readonly Found[] {
  const header = new CookieHeader(text.trim())
  return definitions.flatMap((definition): Found[] => {
    const candidate = definition.cookie.first(header)
    return candidate === undefined ? [] : [[definition, candidate.value]]
  })
}

function byItself(definitions: readonly ResolvedDefinition[], value: string): readonly Found[] {
  return [[definitions.find((definition) => openedBy(definition, value).problem === undefined), value]]
}

function openedBy({ store, sealedRecords, sealedTickets }: ResolvedDefinition, value: string) {
  return store === undefined ? sealedRecords.open(value) : sealedTickets.open(value)
}

async function look(
  definition: ResolvedDefinition | undefined,
  value: string,
  keyIds: readonly string[],
  isWithValues: boolean
) {
  const key = keyIdIn(value)
  const about = {
    session: definition?.name,
    cookie: definition?.cookie.name,
    bytes: value.length,
    sealed: key === undefined ? 'not by this plugin' : isEncrypted(value) ? 'encrypted' : 'signed',
    key,
    keyIs: key === undefined ? undefined : placeOf(keyIds.indexOf(key))
  }
  if (definition === undefined) return { ...about, problem: 'no session of the app opens it' }
  return { ...about, ...(await content(definition, value, isWithValues)) }
}

function placeOf(index: number): string {
  if (index === -1) return 'not in the ring'
  return index === 0 ? 'the one that seals' : `number ${index + 1} of the ring, an older one`
}

async function content({ name: _, ...definition }: ResolvedDefinition, value: string, isWithValues: boolean) {
  if (definition.store === undefined) {
    const opened = definition.sealedRecords.open(value)
    if (opened.problem !== undefined) return { problem: opened.problem }
    const { e } = opened.content
    return { expiresAt: e === undefined ? undefined : new Date(e), ...describe(opened.content, isWithValues) }
  }
  const opened = definition.sealedTickets.open(value)
  if (opened.problem !== undefined) return { problem: opened.problem }
  const { id, createdAt, expires } = opened.content
  const stored = await definition.store.read(id, { fresh: true })
  const { store } = definition.events
  const about = { id, createdAt: new Date(createdAt), cookieExpiresAt: new Date(expires) }
  return stored === undefined
    ? { ...about, store, problem: 'gone' }
    : { ...about, ...describeStored(store, stored, isWithValues) }
}
