import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Case } from './case.js'
import { APP, visit } from './visits.js'
import { inFolder, type Workplace } from './workplace.js'

/** Packages that are less than a day old must be installable here. */
const PNPM = { 'pnpm-workspace.yaml': 'hoist: false\nminimumReleaseAge: 0\n' }
const YARN = [
  'enableTelemetry: false',
  'enableGlobalCache: false',
  'enableImmutableInstalls: false',
  'npmMinimalAgeGate: 0'
]

interface Manager extends Pick<Case, 'tool' | 'what' | 'on'> {
  readonly files: Readonly<Record<string, string>>
  install(place: Workplace, folder: string): readonly [string, ...string[]]
  /** The command that starts the app there. */
  start(place: Workplace): readonly [string, ...string[]]
  /** A file that only this way of installing creates. */
  readonly sign: string
}

const byNode = [process.execPath, 'app.js'] as const
const yarn = (place: Workplace) => [process.execPath, place.bin('@yarnpkg/cli-dist/bin/yarn.js'), 'install'] as const
const yarnFiles = (nodeLinker: string) => ({
  'yarn.lock': '',
  '.yarnrc.yml': [`nodeLinker: ${nodeLinker}`, ...YARN, ''].join('\n')
})

const MANAGERS: readonly Manager[] = [
  {
    tool: 'pnpm',
    what: '`hoist: false`: a package sees only what it lists',
    on: 'Node',
    files: PNPM,
    install: (place, folder) => [
      process.execPath,
      place.bin('pnpm/bin/pnpm.mjs'),
      'install',
      '--store-dir',
      join(folder, '.store')
    ],
    start: () => byNode,
    sign: 'node_modules/.pnpm'
  },
  {
    tool: '@yarnpkg/cli-dist',
    what: "Plug'n'Play",
    on: 'Node',
    files: yarnFiles('pnp'),
    install: yarn,
    start: () => [process.execPath, '--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs', 'app.js'],
    sign: '.pnp.cjs'
  },
  {
    tool: '@yarnpkg/cli-dist',
    what: '`nodeLinker: node-modules`',
    on: 'Node',
    files: yarnFiles('node-modules'),
    install: yarn,
    start: () => byNode,
    sign: 'node_modules/.yarn-state.yml'
  },
  {
    tool: '@oven/bun-linux-x64',
    what: '`bun install`',
    on: 'Bun',
    files: {},
    install: (place) => [place.bun, 'install'],
    start: (place) => [place.bun, 'app.js'],
    sign: 'bun.lock'
  }
]

/**
 * Each case installs the packed package and the app's dependencies, in a folder from which no other packages can be
 * found.
 */
export const managers: readonly Case[] = MANAGERS.map(({ tool, what, on, files, install, start, sign }) => ({
  tool,
  what,
  on,
  run: async (place, redis) => {
    const manifest = { private: true, type: 'module', dependencies: await place.dependencies() }
    const folder = await place.apart(APP, { 'package.json': manifest, ...files })
    const [program, ...args] = install(place, folder)
    const own = { YARN_GLOBAL_FOLDER: join(folder, '.global'), BUN_INSTALL_CACHE_DIR: join(folder, '.cache') }
    await inFolder(folder, program, args, own)
    await access(join(folder, sign))
    await visit({ cwd: folder, command: start(place), redis })
  }
}))
