/** Describes in words what the app passed instead of a client. The description contains no values. */
export function kindOf(given: unknown): string {
  if (given === undefined) return 'undefined: was it made, and exported?'
  if (given === null) return 'null'
  if (typeof given === 'string')
    return /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? 'a URL: make a client of it first' : 'a string'
  if (typeof given === 'function') return functionKind(given)
  if (typeof given !== 'object') return `a ${typeof given}`
  if (typeof (given as { then?: unknown }).then === 'function') return 'a promise: await it first'
  if (isModule(given)) return 'a module: use what it exports to make a client'
  const { name } = Object.getPrototypeOf(given)?.constructor ?? {}
  return name && name !== 'Object' ? `an object of the class ${name}` : 'an object of another kind'
}

function functionKind(given: unknown): string {
  const { name } = given as { readonly name?: string }
  const isClass = /^class\b/.test(Function.prototype.toString.call(given))
  return isClass
    ? `the class ${name} itself: make a client of it, by new ${name}(…)`
    : `the function ${name || 'without a name'}`
}

/** Whether the object is the namespace of an ES module, or the exports of a module that was compiled to CommonJS. */
function isModule(given: object): boolean {
  return Object.prototype.toString.call(given) === '[object Module]' || '__esModule' in given
}
