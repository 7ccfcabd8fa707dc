import { readdirSync } from 'node:fs'
import { basename } from 'node:path'

/** A file each, of those in a folder itself. */
const entries = (folder) =>
  readdirSync(`lib/${folder}`)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [`${folder}/${basename(name, '.ts')}`, `lib/${folder}/${name}`])

/**
 * What is published: each entry is one file, beside one with all that the plugin itself needs and the few that some
 * stores share. Every file that Node has to find, read and compile costs about a millisecond of an app's start.
 */
export default {
  input: {
    index: 'lib/index.ts',
    'conformance/index': 'lib/conformance/index.ts',
    'testing/index': 'lib/testing/index.ts',
    'events/index': 'lib/events/index.ts',
    'command/index': 'lib/command/index.ts',
    'inspector/index': 'lib/inspector/index.ts',
    'inspector/parts': 'lib/inspector/parts.ts',
    ...Object.fromEntries([...entries('from'), ...entries('seals'), ...entries('stores')])
  },
  external: /^[^./]/,
  platform: 'node',
  transform: { target: 'node20.19' },
  output: {
    dir: 'dist/bundle',
    cleanDir: true,
    // Those stay that tell an app's bundler something.
    comments: { annotation: true, jsdoc: false, legal: false },
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'core', test: /lib\/index\.ts$/ }] }
  }
}
