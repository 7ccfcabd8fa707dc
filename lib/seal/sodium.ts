import type { Entry, Sodium } from 'libsodium'

/**
 * libsodium's WebAssembly, ready to be used. Its ES module gives a function that makes an instance. Where imports are
 * turned into `require()`, by Jest or a bundler, there is its other build, whose one instance is to be waited for: all
 * that ask for it then share its heap, which has room for megabytes.
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
