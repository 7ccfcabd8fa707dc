/*
 * Imports between the rooms of lib/ run one way, and in no circle. Types count as well: what a room has to know of another
 * to be compiled, a reader has to know to understand it.
 */

// The parser below: where it can't be loaded, the check would see no files and refuse nothing. So it fails here instead.
import '@swc/core'

/** From the lowest to the highest: a room may import what stands before it, and itself. */
const ROOMS = [
  '^types/',
  '^lib/util/',
  '^lib/errors\\.ts$',
  '^lib/go/',
  '^lib/schema/',
  '^lib/seal/',
  '^lib/options/',
  '^lib/events/',
  '^lib/records/',
  '^lib/cookie/',
  '^lib/response/',
  '^lib/definition/',
  '^lib/session/',
  '^lib/load/',
  '^lib/save/',
  '^lib/from/',
  '^lib/seals/',
  '^lib/request/',
  '^lib/history/',
  '^lib/app/',
  '^lib/inspector/',
  '^lib/plugin\\.ts$',
  '^lib/index\\.ts$',
  '^lib/command/'
]

const STORES = '^lib/stores/'
const CONFORMANCE = '^lib/conformance/'
const TESTING = '^lib/testing/'

/** What a store may know of the plugin: as much as one from outside may, how others' texts are sealed, and Go's formats. */
const FOR_STORES = '^(types|lib/util|lib/go|lib/seal|lib/stores)/|^lib/errors\\.ts$'

const upward = ROOMS.slice(0, -1).map((room, at) => ({
  name: `no-import-upward-from-${room
    .replace(/\W+|\bts\b/g, ' ')
    .trim()
    .replaceAll(' ', '-')}`,
  severity: 'error',
  from: { path: room },
  to: { path: ROOMS.slice(at + 1) }
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...upward,
    {
      name: 'no-circle',
      comment: 'Two files that import each other are one file in two places.',
      severity: 'error',
      from: { path: '^(lib|types)/' },
      to: { circular: true }
    },
    {
      name: 'stores-stand-beside',
      comment: 'The core is handed its stores: only the plugin and the public entry name those that come with it.',
      severity: 'error',
      from: { path: '^lib/', pathNot: [STORES, CONFORMANCE, TESTING, '^lib/(plugin|index)\\.ts$'] },
      to: { path: [STORES, CONFORMANCE, TESTING] }
    },
    {
      name: 'stores-know-the-contract',
      severity: 'error',
      from: { path: STORES },
      to: { path: '^(lib|types)/', pathNot: FOR_STORES }
    },
    {
      name: 'conformance-knows-the-contract',
      severity: 'error',
      from: { path: CONFORMANCE },
      to: { path: '^(lib|types)/', pathNot: '^(types|lib/util|lib/conformance)/|^lib/errors\\.ts$' }
    },
    {
      name: 'testing-knows-the-types',
      comment: 'Helpers for tests see an app as its tests do.',
      severity: 'error',
      from: { path: TESTING },
      to: { path: '^(lib|types)/', pathNot: '^(types|lib/testing)/' }
    },
    {
      name: 'nothing-unresolved',
      comment: 'What the check can not find it can not judge.',
      severity: 'error',
      from: { path: '^(lib|types)/' },
      to: { couldNotResolve: true }
    }
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] }
  }
}
