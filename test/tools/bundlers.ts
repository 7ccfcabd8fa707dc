import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Case } from './case.js'
import { APP, visit } from './visits.js'
import { inFolder } from './workplace.js'

/**
 * By bundler: the format of its output, how `project/build/<bundler>.js` names that format, and the type of the
 * output's package.
 */
const FORMS = [
  ['esbuild', 'an ES module', 'esm', 'module'],
  ['esbuild', 'CommonJS', 'cjs', 'commonjs'],
  ['esbuild', 'CommonJS, minified', 'minified', 'commonjs'],
  ['rolldown', 'ES modules', 'modules', 'module'],
  ['rolldown', 'one ES module', 'module', 'module'],
  ['rolldown', 'CommonJS in one file, minified', 'commonjs', 'commonjs'],
  ['vite', 'for the server (SSR), with all packages in it', 'whole', 'module'],
  ['webpack', 'CommonJS', 'commonjs', 'commonjs'],
  ['webpack', 'ES modules', 'module', 'module'],
  ['@vercel/ncc', 'ES modules', 'module', 'module']
] as const

/** Each case bundles the app, which is then started in a folder without packages. */
export const bundlers: readonly Case[] = FORMS.map(([tool, what, form, type]) => ({
  tool,
  what,
  on: 'Node',
  run: async (place, redis) => {
    const script = `build/${tool.replace(/^.*\//, '')}.js`
    const folder = await place.project({ ...APP, 'build.js': script }, { 'package.json': { type: 'module' } })
    await inFolder(folder, process.execPath, ['build.js', form])
    const apart = await place.apart({}, { 'package.json': { type } })
    await cp(join(folder, 'out'), apart, { recursive: true })
    await visit({ cwd: apart, command: [process.execPath, 'app.js'], redis })
  }
}))

/** Vite's default: packages are not bundled. */
export const viteWithPackages: Case = {
  tool: 'vite',
  what: 'for the server (SSR), packages left out',
  on: 'Node',
  run: async (place, redis) => {
    const files = { ...APP, 'build.js': 'build/vite.js' }
    const folder = await place.project(files, { 'package.json': { type: 'module' } })
    await inFolder(folder, process.execPath, ['build.js', 'own'])
    await writeFile(join(folder, 'out/package.json'), '{ "type": "module" }')
    await visit({ cwd: folder, command: [process.execPath, 'out/app.js'], redis })
  }
}
