import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { transform } from '@swc/core'
import { build } from 'rolldown'
import t, { type Test } from 'tap'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

const APP = `
import Fastify from 'fastify'
import sessions from '../bundle/index.js'
import { z } from 'zod'
const app = Fastify()
app.register(sessions, {
  keys: ['a key of thirty-two bytes or more'],
  default: 'visit',
  sessions: { visit: { schema: z.object({ n: z.number().default(0) }) } }
})
app.get('/', async (request) => {
  request.session.set('passport', 'ada')
  return { n: request.session('visit').update('n', (n) => n + 1), passport: request.session.get('passport') }
})
app.inject('/').then(async ({ cookies: [{ name, value }] }) => {
  const { body } = await app.inject({ url: '/', headers: { cookie: name + '=' + value } })
  console.log(body)
})
`

async function runs(t: Test, file: string): Promise<void> {
  const { stdout } = await run(process.execPath, [file], { env: { ...process.env, NODE_OPTIONS: '' } })
  t.same(JSON.parse(stdout), { n: 2, passport: 'ada' })
}

/** libsodium is published twice: a bundler for CommonJS may take the build that is for `require()`. */
const FORMS = [
  { format: 'esm', name: 'its module', alias: {} },
  { format: 'cjs', name: 'its module', alias: {} },
  {
    format: 'cjs',
    name: 'its build for require()',
    alias: { libsodium: createRequire(import.meta.url).resolve('libsodium') }
  }
] as const

for (const [at, { format, name, alias }] of FORMS.entries()) {
  t.test(`an app in one ${format} file, with libsodium as ${name}, seals and opens`, async (t) => {
    const directory = join(root, 'dist/bundled')
    await mkdir(directory, { recursive: true })
    const input = join(directory, 'app.js')
    await writeFile(input, APP)
    const file = join(directory, `${at}.${format === 'esm' ? 'mjs' : 'cjs'}`)
    await build({
      input,
      platform: 'node',
      external: ['fastify'],
      resolve: { alias },
      logLevel: 'silent',
      output: { file, format, codeSplitting: false }
    })
    await runs(t, file)
  })
}

t.test('a bundler leaves a package alone that only few of those who move in need', async (t) => {
  const { output } = await build({
    input: join(root, 'dist/bundle/from/secure-session.js'),
    platform: 'node',
    write: false,
    logLevel: 'silent'
  })
  const [{ code, imports, dynamicImports }] = output
  t.match(code, /import\(\s*\/\* webpackIgnore: true \*\/\s*\/\* @vite-ignore \*\/\s*name\s*\)/)
  t.notMatch([...imports, ...dynamicImports].join(), 'sodium-native')
})

t.test('modules that are turned into CommonJS, as Jest has them, seal and open', async (t) => {
  const directory = join(root, 'dist/commonjs')
  await mkdir(join(directory, 'bundle'), { recursive: true })
  await mkdir(join(directory, 'app'), { recursive: true })
  await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }')
  const options = { module: { type: 'commonjs' }, jsc: { target: 'es2022' } } as const
  const modules = (await readdir(join(root, 'dist/bundle'))).filter((name) => name.endsWith('.js'))
  for (const name of modules) {
    const { code } = await transform(await readFile(join(root, 'dist/bundle', name), 'utf8'), options)
    await writeFile(join(directory, 'bundle', name), code)
  }
  const file = join(directory, 'app/app.js')
  await writeFile(file, (await transform(APP, options)).code)
  await runs(t, file)
})
