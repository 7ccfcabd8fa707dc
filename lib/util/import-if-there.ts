/**
 * Imports an optional package. The name is passed as a value, with the comments that make esbuild, Vite and webpack
 * leave the import alone: a bundler that resolved the package would fail in apps without it.
 */
export function importIfThere(name: string): Promise<unknown> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name)
}
