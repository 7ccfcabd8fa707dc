/**
 * Fetches the newest servers of Debian, runs the tests of their stores on each, and prints the results. That needs the
 * network and a quarter of an hour. `npm test` does not do it: it uses the installed servers.
 *
 *     npm run test:newest
 *     npm run test:newest -- valkey mysql
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { delimiter, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'

interface Engine {
  readonly program: string
  /** Matches the functions by which tests start the engine. */
  readonly starts: RegExp
}

interface Count {
  readonly pass: number
  readonly skip: number
  readonly fail: number
}

const redis = { program: 'redis-server', starts: /\bstartRedis/ }
const startsMysql = /\b(startMysql|runningMysql|mysqlEngine)\b/

/** The engines, by the names that `npm run servers -- --newest` uses. */
export const engines: Readonly<Record<string, Engine>> = {
  redis,
  valkey: redis,
  memcached: { program: 'memcached', starts: /\bstartMemcached/ },
  postgresql: { program: 'postgres', starts: /\b(startPostgres|runningPostgres|postgresEngine)\b/ },
  mysql: { program: 'mysqld', starts: startsMysql },
  mariadb: { program: 'mariadbd', starts: startsMysql }
}

/** Returns the tests of stores that start the engine. */
export async function testsOf({ starts }: Engine): Promise<readonly string[]> {
  const directory = join(import.meta.dirname, 'stores')
  const names = await readdir(directory, { recursive: true })
  const files = names.filter((name) => name.endsWith('.test.js')).map((name) => join(directory, name))
  const sources = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return files.filter((_, at) => starts.test(String(sources[at]))).sort()
}

/** Counts the checks in the output of a test. A test that ended before it printed its totals has failed. */
export function countIn(output: string): Count {
  const totals = [...output.matchAll(/^# \{ (total: .*) \}$/gm)].at(-1)?.[1]
  if (totals === undefined) return { pass: 0, skip: 0, fail: 1 }
  const counted = (what: string) => Number(new RegExp(`\\b${what}: (\\d+)`).exec(totals)?.[1] ?? 0)
  return { pass: counted('pass'), skip: counted('skip') + counted('todo'), fail: counted('fail') }
}

/** Fetches the servers, and resolves to the folder of programs of each engine. */
async function bringServers(): Promise<ReadonlyMap<string, string>> {
  const child = spawn('bash', ['test/servers/newest'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error('the newest servers could not be had')
  const lines = said.trim().split('\n')
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
}

async function run(command: string, args: readonly string[], PATH: string): Promise<string> {
  const env = { ...process.env, PATH, TAP_TIMEOUT: '600' }
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return output
}

async function versionOf(engine: Engine, path: string): Promise<string> {
  const said = await run(engine.program, ['--version'], path)
  return /(?:v=|Ver |\) | )(\d+(?:\.\d+)+)/.exec(said)?.[1] ?? said
}

async function runTests(engine: Engine, path: string): Promise<Count> {
  const sum = { pass: 0, skip: 0, fail: 0 }
  for (const file of await testsOf(engine)) {
    const output = await run(process.execPath, [file], path)
    const count = countIn(output)
    console.log(`  ${relative(import.meta.dirname, file)}: ${JSON.stringify(count)}`)
    if (count.fail > 0) console.log(output.match(/^ *not ok .*$/gm)?.join('\n') ?? output)
    for (const what of ['pass', 'skip', 'fail'] as const) sum[what] += count[what]
  }
  return sum
}

async function runAll(chosen: readonly string[]): Promise<void> {
  const folders = await bringServers()
  const table = ['| engine | version | passed | skipped | failed |', '| --- | --- | --- | --- | --- |']
  for (const name of chosen) {
    const engine = engines[name] as Engine
    // Some tests use two engines; the other one is the newest too.
    const path = [folders.get(name), ...folders.values(), process.env['PATH']].join(delimiter)
    const version = await versionOf(engine, path)
    console.log(`${name} ${version}`)
    const { pass, skip, fail } = await runTests(engine, path)
    table.push(`| ${name} | ${version} | ${pass} | ${skip} | ${fail} |`)
    if (fail > 0) process.exitCode = 1
  }
  console.log(table.join('\n'))
}

if (process.argv[1] === import.meta.filename) {
  const chosen = process.argv.slice(2)
  const other = chosen.find((name) => !Object.hasOwn(engines, name))
  if (other === undefined) await runAll(chosen.length > 0 ? chosen : Object.keys(engines))
  else {
    console.error(`"${other}" is none of ${Object.keys(engines).join(', ')}`)
    process.exitCode = 2
  }
}
