import { memoryStore, type RecordStore } from '../../lib/index.js'

const METHODS = ['read', 'create', 'update', 'touch', 'remove', 'readMany', 'saveMany'] as const

/**
 * A store that simulates the death of its process: from then on no call reaches the engine, until it is started again.
 */
export function mortal(): { readonly life: { left: number }; readonly store: RecordStore } {
  const inner = memoryStore()
  const life = { left: Number.POSITIVE_INFINITY }
  const store = { kind: 'record' } as Record<string, unknown>
  for (const method of METHODS) {
    const call = inner[method] as ((...args: unknown[]) => unknown) | undefined
    if (call === undefined) continue
    store[method] = async (...args: unknown[]) => {
      if (life.left-- <= 0) throw new Error('the process has died')
      return call.apply(inner, args)
    }
  }
  return { life, store: store as unknown as RecordStore }
}
