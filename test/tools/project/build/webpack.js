import { join } from 'node:path'
import webpack from 'webpack'

const path = join(import.meta.dirname, 'out')
const FORMS = {
  commonjs: { output: { path, filename: 'app.js' } },
  module: {
    experiments: { outputModule: true },
    output: { path, filename: 'app.js', module: true, chunkFormat: 'module' }
  }
}
webpack({ mode: 'production', target: 'node20', entry: './app.js', ...FORMS[process.argv[2]] }, (error, stats) => {
  if (error) throw error
  if (!stats.hasErrors() && !stats.hasWarnings()) return
  console.error(stats.toString({ all: false, errors: true, warnings: true }))
  process.exitCode = 1
})
