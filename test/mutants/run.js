import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setPriority } from 'node:os'
import { Stryker } from '@stryker-mutator/core'
import { config } from './config.js'

/** What is not of the core, or only declares: stores have tests on engines of their own. */
const OTHERS = ['!lib/stores/**', '!lib/conformance/**', '!lib/index.ts']

const names = process.argv.slice(2)
const mutate = names.includes('--changed') ? changedFiles() : names.map(patternOf)
if (names.includes('--changed') && mutate.length === 0) {
  console.log('no file of lib/ differs from main')
  process.exit()
}
// Hours of work should be in nobody's way.
setPriority(19)
await new Stryker({ ...config, mutate: mutate.length > 0 ? mutate : ['lib/**/*.ts', ...OTHERS] }).runMutationTest()

/** A room ("save"), a file of one ("session/values"), or a path, with lines if need be ("lib/save/save.ts:10-20"). */
function patternOf(name) {
  if (name.startsWith('lib/')) return name
  return existsSync(`lib/${name}.ts`) ? `lib/${name}.ts` : `lib/${name}/**/*.ts`
}

function changedFiles() {
  const names = execFileSync('git', ['diff', '--name-only', '--diff-filter=d', 'main', '--', 'lib'], {
    encoding: 'utf8'
  })
  return names.split('\n').filter((name) => name.endsWith('.ts'))
}
