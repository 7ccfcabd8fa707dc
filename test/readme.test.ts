import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Client } from './client.js'
import { directoryFor } from './servers/process.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const tsc = join(root, 'node_modules/.bin/tsc')

/** What examples after the first take for granted: an app with a few sessions. */
const PRELUDE = `
import Fastify from 'fastify'
import { defineSession, defineSessions, memoryStore } from 'fastify-sessions'
import { z } from 'zod'
const app = Fastify()
const options = defineSessions({
  keys: [],
  sessions: {
    cart: { schema: z.object({ items: z.array(z.string()).default([]) }) },
    login: { schema: z.object({ user: z.string() }) }
  }
})
declare module 'fastify-sessions' { interface Register { options: typeof options } }
`

async function examples(): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string)
}

/** Compiles files as a program of their own, inside the package, so that its name resolves to itself. */
async function compile(name: string, files: Record<string, string>): Promise<string> {
  const directory = join(root, 'dist/readme', name)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: {
      rootDir: root,
      outDir: join(directory, 'out'),
      noUnusedLocals: false,
      noPropertyAccessFromIndexSignature: false
    },
    include: ['*.ts'],
    exclude: []
  }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text)
  // The test runner's own preloads are not for the compiler.
  await run('sh', ['-c', 'NODE_OPTIONS= exec "$0" -p "$1"', tsc, directory]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout || String(error))
  })
  return join(directory, 'out/dist/readme', name)
}

t.test('the first example of the README runs as it stands', async (t) => {
  const [first] = await examples()
  const out = await compile('first', { 'app.ts': first as string })
  const home = process.cwd()
  process.chdir(await directoryFor(t, 'readme'))
  t.teardown(() => process.chdir(home))
  process.env['SESSION_KEY'] = 'a key of thirty-two bytes or more, for the README'
  const { app } = (await import(pathToFileURL(join(out, 'app.js')).href)) as { app: FastifyInstance }
  t.teardown(() => app.close())
  const client = new Client(app)
  const added = await client.get('/cart/tea', { method: 'POST' })
  t.equal(added.statusCode, 302)
  t.same(await client.json('/'), { items: ['tea'], notices: ['Added to your cart'] })
  t.same(await client.json('/'), { items: ['tea'], notices: [] })
})

t.test('every other example of the README compiles', async (t) => {
  const [, ...others] = await examples()
  t.ok(others.length > 5)
  const files = others.map((text, index) => [
    `example-${index}.ts`,
    // Each is a module of its own; what one declares is not known to the next.
    `${index === 0 ? PRELUDE : PRELUDE.replace(/^declare module.*$/m, '')}\n${text}\nexport {}\n`
  ])
  await t.resolves(compile('others', Object.fromEntries(files)))
})

t.test('the store in the README is the one that passes the conformance suite', async (t) => {
  const tested = await readFile(join(root, 'test/conformance/example-store.ts'), 'utf8')
  const shown = (await examples()).find((text) => text.includes('exampleStore'))
  t.equal(functionIn(shown as string), functionIn(tested))
})

function functionIn(text: string): string {
  return text.slice(text.indexOf('export function'))
}
