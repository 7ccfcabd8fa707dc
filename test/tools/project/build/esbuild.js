import { build } from 'esbuild'

const FORMS = {
  // Fastify is CommonJS, whose require() an ES module lacks.
  esm: {
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" }
  },
  cjs: { format: 'cjs' },
  minified: { format: 'cjs', minify: true }
}
const { warnings } = await build({
  entryPoints: ['app.js'],
  outfile: 'out/app.js',
  bundle: true,
  platform: 'node',
  ...FORMS[process.argv[2]]
})
if (warnings.length > 0) process.exitCode = 1
