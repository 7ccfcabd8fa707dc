import type { FastifyRequest } from 'fastify'
import type { RecordStore } from 'fastify-sessions'
import { productOf } from '../catalogue.js'
import type { Items } from '../lines.js'
import { onBothStores } from './both-stores.js'
import { demoSessions, sourceOf } from './demo.js'
import type { Scene } from './scene.js'
import type { Stage } from './stage.js'
import type { Outcome } from './step.js'

type Wait = (id: string) => Promise<void>

const handlerThat = (isInStock: Wait) =>
  async function addToCart(request: FastifyRequest) {
    const { id } = request.params as { id: string }
    const cart = request.session('cart')
    await isInStock(id)
    cart.update('items', (items) => plusOne(items, id))
    return 'added'
  }

export const lostUpdate: Scene = {
  name: 'lost-update',
  title: 'Two requests add to one cart',
  short: 'Two at once',
  situation:
    'A lamp is added, and the warehouse takes its time. Meanwhile a mug is added. Both requests have read the same cart.',
  why: 'Most session stores only know “set”: the slow request wrote the cart as it had read it, and the mug was gone. Here a request may write only on the version that it has read. The slow one is turned away, reads again, and its change is made once more on the newer cart. The handler knows nothing of it: no lock, no loop.',
  lanes: { left: 'Slow request', right: 'Quick request' },
  acts: onBothStores(
    { given: 'Given: a cart with a teapot in it.', handler: sourceOf(handlerThat(async () => {})) },
    addBoth
  )
}

/** What has been put into the cart when all is over. */
const ADDED = ['teapot', 'lamp', 'mug']

export async function addBoth(stage: Stage, store: RecordStore): Promise<Outcome> {
  const { pause, wait } = stage.pause('left', 'waits for the warehouse')
  const app = await stage.app(demoSessions(stage, store), (app) => {
    app.post('/cart/:id', handlerThat(wait))
    app.get('/cart', async (request) => request.session('cart').get('items'))
  })
  const browser = stage.browser(app)
  await browser.post('/cart/teapot')
  const slow = stage.request('left', browser, 'POST /cart/lamp')
  await Promise.race([pause.reached, slow])
  await stage.request('right', browser, 'POST /cart/mug')
  pause.release()
  await slow
  return outcomeOf((await browser.get('/cart')).json())
}

function outcomeOf(items: Readonly<Record<string, number>>): Outcome {
  const lost = ADDED.filter((id) => items[id] !== 1)
  const cart = `In the cart: ${namesOf(Object.keys(items))}.`
  return lost.length === 0
    ? { isGood: true, text: `Nothing is lost. ${cart}` }
    : { isGood: false, text: `Lost: ${namesOf(lost)}. ${cart}` }
}

function namesOf(ids: readonly string[]): string {
  return ids.map((id) => productOf(id)?.name ?? id).join(', ')
}

function plusOne(items: Items, id: string): Record<string, number> {
  return { ...items, [id]: (items[id] ?? 0) + 1 }
}
