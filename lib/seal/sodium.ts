import type { Entry, Sodium } from 'libsodium'

/**
 * Resolves to an instance of libsodium's WebAssembly. Its ES module exports a function that makes an instance. Where
 * imports are turned into `require()`, by Jest or a bundler, the other build is loaded. That one exports a single
 * instance, which has to be awaited: all users in the process then share its heap, which has room for megabytes.
 */
export async function makeSodium(): Promise<Sodium> {
  return instanceOf((await import('libsodium')).default)
}

async function instanceOf(entry: Entry | { readonly default: Entry }): Promise<Sodium> {
  if (typeof entry === 'function') return entry({})
  if ('default' in entry) return instanceOf(entry.default)
  await entry.ready
  return entry
}
