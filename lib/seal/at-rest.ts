import type { Awaitable, PageOptions, RecordPage, RecordStore } from '../../types/store.js'

/** What a store knows that seals its texts with keys of its own. */
export interface SealingAtRest {
  /** Of its keys, as the command line shows them: the first seals. */
  keyIds(): readonly string[]
  /** A page as the engine has it, with sealed texts; `undefined` where the engine can't go through its records. */
  readonly list: ((options: PageOptions) => Awaitable<RecordPage>) | undefined
  /** `undefined` for a text that none of its keys opens. Needs a store that is set up. */
  open(id: string, sealed: string): string | undefined
}

const byStore = new WeakMap<RecordStore, SealingAtRest>()

/** Gives the store. It stays unknown to the contract: what a store around this one has of it, has to be passed on. */
export function keepSealing<Store extends RecordStore>(store: Store, sealing: SealingAtRest | undefined): Store {
  if (sealing !== undefined) byStore.set(store, sealing)
  return store
}

/** `undefined` for a store that keeps its texts as they are. */
export function sealingOf(store: RecordStore): SealingAtRest | undefined {
  return byStore.get(store)
}
