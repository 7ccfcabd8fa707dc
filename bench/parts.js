/**
 * Measures single costs, each in a process of its own, and writes results/node<major>.parts.json.
 *
 *     node parts.js [--many 1000000] [--only memoryBytes,start] [--quick]
 */
import { execFile, execFileSync } from 'node:child_process'
import { parseArgs, promisify } from 'node:util'
import { median } from './load.js'
import { isQuick, readResults, writeResults } from './results.js'

const { values } = parseArgs({
  options: {
    many: { type: 'string', default: isQuick ? '10000' : '1000000' },
    only: { type: 'string' },
    quick: { type: 'boolean' }
  }
})
const many = Number(values.many)
const sizes = [...new Set([Math.min(100_000, many), many])].join()
const root = new URL('..', import.meta.url)

const parts = {
  size: packedSize,
  start: () => startCost(isQuick ? 3 : 15),
  micro: () => run('micro.js'),
  trips: () => run('trips.js'),
  memoryTime: () => run('memory-time.js', [`1000,${sizes}`], ['--max-old-space-size=6000']),
  memoryBytes: async () => ({ own: await memoryBytes('own'), peer: await memoryBytes('peer') }),
  file: () => run('file.js', [1000, many]),
  users: () => run('users.js', [isQuick ? '10,1000' : '10,1000,100000'])
}

const only = values.only?.split(',') ?? Object.keys(parts)
const unknown = only.filter((name) => parts[name] === undefined)
if (unknown.length > 0) throw new Error(`no part ${unknown}; there are ${Object.keys(parts)}`)
const results = only.length < Object.keys(parts).length ? { ...readResults('parts') } : {}
for (const name of only) {
  results[name] = await parts[name]()
  results.measuredOn = { ...results.measuredOn, [name]: new Date().toISOString().slice(0, 10) }
  console.log(name, JSON.stringify(results[name], null, 1))
}
const { date, node, machine, system, ...measured } = results
writeResults('parts', measured)

async function run(script, args = [], flags = []) {
  const path = new URL(`parts/${script}`, import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, path, ...args.map(String)])
  return JSON.parse(stdout)
}

function memoryBytes(who) {
  return run('memory-bytes.js', [who, sizes], ['--expose-gc', '--max-old-space-size=12000'])
}

/** In turns; the medians of the differences within a turn. */
async function startCost(turns) {
  const list = []
  for (let turn = 0; turn < turns; turn++) {
    const [bare, zod, own] = [
      await run('start.js', ['bare']),
      await run('start.js', ['zod']),
      await run('start.js', ['own'])
    ]
    list.push({ bare, zod, own })
  }
  const more = (than) => ({
    ms: median(list.map((turn) => turn.own.ms - turn[than].ms)),
    mb: median(list.map((turn) => turn.own.mb - turn[than].mb))
  })
  return { overBare: more('bare'), overZod: more('zod'), bareMs: median(list.map(({ bare }) => bare.ms)) }
}

function packedSize() {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ size, unpackedSize, entryCount }] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }))
  return { size, unpackedSize, entryCount }
}
