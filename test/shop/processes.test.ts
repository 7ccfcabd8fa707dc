import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { products } from '../../examples/shop/catalogue.js'
import { directoryFor } from '../servers/process.js'
import { KEY } from './open-shop.js'

const server = fileURLToPath(import.meta.resolve('../../examples/shop/server.js'))
const EACH = 24

t.test('what is added by way of two server processes at once is all in the cart', async (t) => {
  const directory = await directoryFor(t, 'shop')
  const shops = [await startServer(t, directory), await startServer(t, directory)]
  const first = await post(`${shops[0]}/cart/mug`)
  const cookie = first.headers.getSetCookie().find((each) => each.startsWith('cart=')) as string

  const rounds = shops.flatMap((url) =>
    products.map(
      ({ id }) =>
        () =>
          post(`${url}/cart/${id}`, cookie)
    )
  )
  await Promise.all(
    rounds.map(async (addOne) => {
      for (let index = 0; index < EACH; index += 1) await addOne()
    })
  )
  for (const url of shops) {
    const page = await (await fetch(`${url}/cart`, { headers: { cookie } })).text()
    t.equal(Number(/id="cart-count">(\d+)</.exec(page)?.[1]), 1 + rounds.length * EACH)
  }
})

/** As `npm start` does; resolves to its address. */
async function startServer(t: Test, directory: string): Promise<string> {
  const child = spawn(process.execPath, [server], {
    env: { ...process.env, PORT: '0', DATA: directory, SESSION_KEY: KEY },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => stop(child))
  for await (const line of createInterface(child.stdout)) {
    const address = /http:\S+/.exec(line)?.[0]
    if (address !== undefined) return address
  }
  throw new Error('the server ended before it was open')
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}

async function post(url: string, cookie = ''): Promise<Response> {
  const response = await fetch(url, { method: 'POST', redirect: 'manual', headers: { cookie } })
  if (response.status !== 303) throw new Error(`${url} answered ${response.status}`)
  return response
}
