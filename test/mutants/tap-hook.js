/** Gives test files `collected.js` for `tap`; the rest of the process has tap itself. */
export function resolve(specifier, context, next) {
  const isTest = /\/dist\/test\//.test(context.parentURL ?? '')
  if (specifier === 'tap' && isTest) return { url: new URL('collected.js', import.meta.url).href, shortCircuit: true }
  return next(specifier, context)
}
