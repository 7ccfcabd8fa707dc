/*
 * What `import t from 'tap'` gives a test file that is run here: it notes the tests instead of running them, so that each
 * can be run as often as there are mutants, in one process.
 */

/** Tests by id, with the file that each stands in. */
export const collected = []
export const befores = []

let file = ''

export function collectFor(name) {
  file = name
}

export function test(name, ...rest) {
  const cb = rest.pop()
  const first = `${file}: ${name}`
  const equals = collected.filter((other) => other.first === first).length
  collected.push({ id: equals === 0 ? first : `${first} (${equals + 1})`, first, file, cb, options: rest[0] ?? {} })
}

export default { test, before: (cb) => befores.push(cb), comment() {}, setTimeout() {} }
