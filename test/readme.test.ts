import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { eventExamples } from './docs/events.js'
import { Examples } from './docs/examples.js'
import { handlers } from './docs/handlers.js'
import { inspectorExamples } from './docs/inspector.js'
import { neighbours } from './docs/neighbours.js'
import { blocksOf, isOfEngine, isOfMove, readPages, root } from './docs/pages.js'
import { recipes } from './docs/recipes.js'
import { withoutRequests } from './docs/without-requests.js'
import { directoryFor } from './servers/process.js'

const pages = (await readPages()).filter(({ path }) => !isOfEngine(path) && !isOfMove(path))
const examples = await Examples.compile(pages, 'manual')
const home = process.cwd()
process.chdir(await directoryFor(t, 'readme'))
t.teardown(() => process.chdir(home))

t.test('the first example of the README runs as it stands', async (t) => {
  const address = await running(t, examples.path('Added to your cart'))
  const added = await fetch(`${address}/cart/tea`, { method: 'POST', redirect: 'manual' })
  t.equal(added.headers.get('location'), '/')
  const cookies = new Map(added.headers.getSetCookie().map((cookie) => cookie.split(/[=;]/) as [string, string]))
  const page = async () => {
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(address, { headers: { cookie } })
    for (const set of response.headers.getSetCookie()) cookies.set(...(set.split(/[=;]/) as [string, string]))
    return response.json()
  }
  t.same(await page(), { items: ['tea'], notices: ['Added to your cart'] })
  t.same(await page(), { items: ['tea'], notices: [] })
})

t.test('handlers, schemas, routes and migrations', (t) => handlers(t, examples))
t.test('recipes', (t) => recipes(t, examples))
t.test('testing, streams that end, and sessions without a request', (t) => withoutRequests(t, examples))
t.test('events', (t) => eventExamples(t, examples))
t.test('the inspector', (t) => inspectorExamples(t, examples))
t.test('beside other plugins', (t) => neighbours(t, examples))

t.test('the store in the manual is the one that passes the conformance suite', async (t) => {
  const tested = await readFile(join(root, 'test/conformance/example-store.ts'), 'utf8')
  const shown = pages.flatMap((page) => blocksOf(page, ['ts'])).find((text) => text.includes('function exampleStore'))
  examples.path('function exampleStore')
  t.equal(functionIn(shown as string), functionIn(tested))
})

t.test('no example of the manual goes untried', async (t) => t.same(examples.unused, []))

function functionIn(text: string): string {
  return text.slice(text.indexOf('export function'))
}

/** Where the program listens, which it tells in its log as Fastify does. */
async function running(t: Test, program: string): Promise<string> {
  const directory = await directoryFor(t, 'readme-app')
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  const env = { ...process.env, NODE_OPTIONS: '', SESSION_KEY: 'a key of thirty-two bytes or more, for the README' }
  const child = spawn(process.execPath, [program], { cwd: directory, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => {
    child.kill()
    await once(child, 'exit')
  })
  for await (const line of createInterface(child.stdout)) {
    const [address] = /http:\/\/127[^"\s]+/.exec(line) ?? []
    if (address) return address
  }
  throw new Error('the example of the README ended before it listened')
}
