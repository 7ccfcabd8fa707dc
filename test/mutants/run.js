import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { config } from './config.js'

/** What is not of the core: stores have tests on engines of their own, and what only some apps import has a subpath of its own. */
const OTHERS = ['command', 'conformance', 'from', 'go', 'inspector', 'seals', 'stores', 'testing']

const { values, positionals } = parseArgs({
  options: {
    again: { type: 'boolean' },
    changed: { type: 'boolean' },
    nice: { type: 'string', default: '19' },
    seconds: { type: 'string' },
    tests: { type: 'string' }
  },
  allowPositionals: true
})
const mutate = values.changed ? changedFiles() : positionals.map(patternOf)
if (values.changed && mutate.length === 0) {
  console.log('no file of lib/ differs from main')
  process.exit()
}
process.env['MUTANTS_LOG'] = resolve('.mutants/results.log')
if (values.tests !== undefined) process.env['MUTANTS_TESTS'] = values.tests
if (values.seconds !== undefined) process.env['MUTANTS_BUDGET'] = String(1000 * Number(values.seconds))
// Hours of work should be in nobody's way.
setPriority(Number(values.nice))
await mkdir('.mutants', { recursive: true })
if (values.again) await forgetSurvivors(config.incrementalFile)
await new Stryker({
  ...config,
  mutate: mutate.length > 0 ? mutate : ['lib/**/*.ts', '!lib/index.ts', ...OTHERS.map((room) => `!lib/${room}/**`)]
}).runMutationTest()

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

/** What killed a mutant need not be run again; what survived meets the tests anew, also where none has changed. */
async function forgetSurvivors(file) {
  if (!existsSync(file)) return
  const results = JSON.parse(await readFile(file, 'utf8'))
  for (const each of Object.values(results.files)) {
    each.mutants = each.mutants.filter(({ status }) => status !== 'Survived')
  }
  await writeFile(file, JSON.stringify(results))
}
