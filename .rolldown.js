import { readdirSync } from 'node:fs'
import { basename } from 'node:path'

const stores = readdirSync('lib/stores').filter((name) => name.endsWith('.ts'))

/**
 * What is published: each entry is one file, beside one with all that the plugin itself needs and the few that some
 * stores share. Every file that Node has to find, read and compile costs about a millisecond of an app's start.
 */
export default {
  input: {
    index: 'lib/index.ts',
    'conformance/index': 'lib/conformance/index.ts',
    'testing/index': 'lib/testing/index.ts',
    ...Object.fromEntries(stores.map((name) => [`stores/${basename(name, '.ts')}`, `lib/stores/${name}`]))
  },
  external: /^[^./]/,
  platform: 'node',
  transform: { target: 'node20.19' },
  output: {
    dir: 'dist/bundle',
    cleanDir: true,
    comments: false,
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'core', test: /lib\/index\.ts$/ }] }
  }
}
