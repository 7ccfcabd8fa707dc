/**
 * A package that few apps have. Its name comes as a value, with the comments by which esbuild, Vite and webpack leave such
 * an import alone: a bundler that looked for the package would refuse the apps that do without it.
 */
export function importIfThere(name: string): Promise<unknown> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name)
}
