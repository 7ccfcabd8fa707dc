// First: `@tapjs/test` can't be the first to load it.
import '@tapjs/core'
import { readdir } from 'node:fs/promises'
import { register } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Test } from '@tapjs/test'
import { befores, collected, collectFor } from './collected.js'

/** What starts servers, browsers or processes, measures, or is about stores or the package, takes too long or tells nothing here. */
const OTHERS =
  /^((broken-stores|command|conformance|docs|go|inspector|machines|shop|stores|tools)\/|(subjects\/limit-stores|machines|package|readme|rollout|store|testing\/browser|neighbours\/(?!default-session).*)\.test\.js$)/

/** What is not mutated, and may need packages or engines that are not there. */
const NOT_CORE = /^(stores|conformance|command|inspector)[\\/]/

/** What tests do while they are loaded is no test of theirs, and nothing that runs once for a process either. */
const LOADING = 'loading'

/** Loads the core's tests out of `dist`, which has to be built. */
export async function loadTests(pattern = /./) {
  const switches = globalThis.__stryker__ ?? {}
  await loadCore()
  register('./tap-hook.js', import.meta.url)
  switches.currentTestId = LOADING
  for (const file of await files()) {
    if (!pattern.test(file)) continue
    collectFor(file)
    await import(pathToFileURL(resolve('dist/test', file)).href)
  }
  for (const before of befores) await before()
  switches.currentTestId = undefined
  delete switches.mutantCoverage?.perTest[LOADING]
  return collected
}

/** Also what is imported late: a mutant of what runs at import has to be on by then, and not once some test has imported it. */
async function loadCore() {
  const names = await readdir(resolve('dist/lib'), { recursive: true })
  for (const name of names) {
    if (name.endsWith('.js') && !NOT_CORE.test(name)) await import(pathToFileURL(resolve('dist/lib', name)).href)
  }
}

async function files() {
  const names = await readdir(resolve('dist/test'), { recursive: true })
  const tests = names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.test.js') && !OTHERS.test(name))
  return tests.sort((one, other) => depth(one) - depth(other) || (one < other ? -1 : 1))
}

const depth = (name) => name.split('/').length

/** Runs one test; gives the name of what failed in it first, `undefined` if nothing did. */
export async function failureOf({ id, cb, options }) {
  const test = new Test({ ...options, name: id, cb })
  test.resume()
  await new Promise((done) => test.runMain(done))
  if (test.passing()) return undefined
  return test.lists.fail[0]?.fullname ?? `${id} > it did not pass`
}
