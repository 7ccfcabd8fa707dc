import { build } from 'rolldown'

const FORMS = {
  modules: { dir: 'out', format: 'esm' },
  module: { file: 'out/app.js', format: 'esm', codeSplitting: false },
  commonjs: { file: 'out/app.js', format: 'cjs', codeSplitting: false, minify: true }
}
await build({
  input: 'app.js',
  platform: 'node',
  onLog: (level, { message }) => {
    if (level === 'warn') throw new Error(message)
  },
  output: FORMS[process.argv[2]]
})
