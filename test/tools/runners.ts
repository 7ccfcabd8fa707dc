import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import type { Case } from './case.js'
import { inFolder, type Workplace } from './workplace.js'

/** How many checks `project/checks.js` has. A runner that finds none of them does not report it. */
const CHECKS = 4
/** The number of checks with runners that have a clock of their own. */
const WITH_CLOCK = CHECKS + 1

/** Fastify's own `inject` needs the package `cookie`, which like this one is published as ES modules only. */
const JEST = { transformIgnorePatterns: ['node_modules/(?!(fastify-sessions|@fastify/cookie|cookie)/)'] }
const COMMONJS = { 'package.json': { type: 'commonjs' } }
const MODULES = { 'package.json': { type: 'module' } }

/** A test runner that runs the checks in a project of its own. */
interface Runner extends Pick<Case, 'tool' | 'what' | 'on'> {
  /** The name of the test file here, and in `project/`. */
  readonly test: readonly [name: string, from: string]
  readonly files: Readonly<Record<string, object | string>>
  command(place: Workplace): readonly [string, ...string[]]
  /** Matches the output that says how many checks have passed. */
  readonly passed: RegExp
}

const byJest = (node: string, place: Workplace, ...flags: string[]) =>
  [node, ...flags, place.bin('jest/bin/jest.js'), '--json'] as const

const JEST_PASSED = new RegExp(`"numPassedTests":${WITH_CLOCK}\\b`)

const RUNNERS: readonly Runner[] = [
  {
    tool: 'tap',
    what: 'tests of an app',
    on: 'Node',
    test: ['checks.test.js', 'tap.test.js'],
    files: MODULES,
    command: () => [process.execPath, 'checks.test.js'],
    passed: new RegExp(`pass: ${CHECKS}\\b`)
  },
  {
    tool: 'node:test',
    what: 'tests of an app',
    on: 'Node',
    test: ['checks.test.js', 'node.test.js'],
    files: MODULES,
    command: () => [process.execPath, '--test', '--test-reporter=tap', 'checks.test.js'],
    passed: new RegExp(`^# pass ${WITH_CLOCK}$`, 'm')
  },
  {
    tool: 'vitest',
    what: 'tests of an app',
    on: 'newer Node',
    test: ['checks.test.js', 'vitest.test.js'],
    files: MODULES,
    command: (place) => [place.newerNode, place.bin('vitest/vitest.mjs'), 'run', '--reporter=tap-flat'],
    passed: new RegExp(`^1\\.\\.${WITH_CLOCK}$`, 'm')
  },
  {
    tool: 'jest',
    what: 'tests of an app as ES modules',
    on: 'newer Node',
    test: ['checks.test.js', 'jest.test.js'],
    files: { ...MODULES, 'jest.config.json': { transform: {} } },
    command: (place) => byJest(place.newerNode, place, '--experimental-vm-modules'),
    passed: JEST_PASSED
  },
  {
    tool: '@swc/jest',
    what: 'tests turned into CommonJS',
    on: 'Node',
    test: ['checks.test.js', 'jest.test.js'],
    files: {
      ...COMMONJS,
      'jest.config.json': { ...JEST, transform: { '\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }] } }
    },
    command: (place) => byJest(process.execPath, place),
    passed: JEST_PASSED
  },
  {
    tool: 'babel-jest',
    what: 'tests turned into CommonJS',
    on: 'Node',
    test: ['checks.test.js', 'jest.test.js'],
    files: {
      ...COMMONJS,
      'jest.config.json': JEST,
      'babel.config.json': { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] }
    },
    command: (place) => byJest(process.execPath, place),
    passed: JEST_PASSED
  },
  {
    tool: 'ts-jest',
    what: 'tests in TypeScript, turned into CommonJS',
    on: 'Node',
    test: ['checks.test.ts', 'jest.test.js'],
    files: {
      ...COMMONJS,
      'jest.config.json': { ...JEST, preset: 'ts-jest/presets/js-with-ts' },
      'tsconfig.json': {
        compilerOptions: {
          target: 'es2022',
          module: 'commonjs',
          moduleResolution: 'bundler',
          types: ['node', 'jest'],
          strict: true,
          esModuleInterop: true,
          allowJs: true
        }
      }
    },
    command: (place) => byJest(process.execPath, place),
    passed: JEST_PASSED
  },
  {
    tool: '@oven/bun-linux-x64',
    what: '`bun test`',
    on: 'Bun',
    test: ['checks.test.js', 'bun.test.js'],
    files: MODULES,
    command: (place) => [place.bun, 'test'],
    passed: new RegExp(`^ ${WITH_CLOCK} pass$`, 'm')
  },
  {
    tool: '@deno/linux-x64-glibc',
    what: '`deno test`',
    on: 'Deno',
    test: ['checks.test.js', 'node.test.js'],
    files: MODULES,
    command: (place) => [place.deno, 'test', '--allow-all', '--no-check', '--reporter=tap'],
    passed: new RegExp(`^1\\.\\.${WITH_CLOCK}$`, 'm')
  }
]

export const runners: readonly Case[] = RUNNERS.map(
  ({ tool, what, on, test: [name, from], files, command, passed }) => ({
    tool,
    what,
    on,
    run: async (place) => {
      const folder = await place.project({ 'checks.js': 'checks.js', [name]: from }, files)
      const [program, ...args] = command(place)
      // Jest finds its own packages by the folder of the program that runs it.
      const PATH = [dirname(program), process.env['PATH']].join(':')
      assert.match(await inFolder(folder, program, args, { PATH, CI: 'true', NO_COLOR: '1' }), passed)
    }
  })
)
