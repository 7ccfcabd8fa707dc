import t from 'tap'
import { z } from 'zod'
import { cookieStore, memoryStore } from '../lib/index.js'
import { buildApp, Client, clock, gate } from './client.js'
import { arrivalsAt } from './held.js'

const schema = z.object({
  items: z.array(z.string()).default([]),
  visits: z.number().default(0),
  a: z.string().optional(),
  b: z.string().optional(),
  tags: z.array(z.string()).default([])
})

async function shop(t: Parameters<typeof buildApp>[0]) {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: {
      cart: {
        store: 'memory',
        schema,
        flash: { notice: z.string() },
        merge: {
          tags: (base: string[] | undefined, theirs: string[] | undefined, mine: string[] | undefined) => [
            `${base?.length ?? 0}`,
            ...(theirs ?? []),
            ...(mine ?? [])
          ]
        }
      }
    }
  })
  const arrived = arrivalsAt(app)
  app.get('/start', async (request) => {
    request.session('cart').set('visits', 0)
  })
  app.get('/cart', async (request) => request.session('cart').data)
  const client = new Client(app)
  return { app, client, arrived, race: raceOf(client, arrived) }
}

/** Runs handlers in parallel: all have loaded the session before the first one saves. */
function raceOf(client: Client, arrived: (count: number) => Promise<void>) {
  return async (paths: readonly string[], open: () => void): Promise<void> => {
    const running = paths.map((path) => client.get(path))
    await arrived(paths.length)
    open()
    for (const response of await Promise.all(running)) if (response.statusCode !== 200) throw new Error(response.body)
  }
}

t.test('fifty parallel requests that count all count', async (t) => {
  const { app, client, race } = await shop(t)
  const { opened, open } = gate()
  app.get('/visit', async (request) => {
    await opened
    request.session('cart').update('visits', (visits) => (visits as number) + 1)
  })
  await client.get('/start')
  await race(Array(50).fill('/visit'), open)
  t.hasStrict(await client.json('/cart'), { visits: 50 })
})

t.test('keys that are named like members of every object are counted like others', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: {
      words: {
        store: 'memory',
        schema: z.object({ first: z.string() }).catchall(z.number()),
        merge: {
          valueOf: (base: unknown, theirs: unknown, mine: unknown) =>
            Number(theirs ?? 0) + Number(mine ?? 0) - Number(base ?? 0)
        }
      }
    }
  })
  const arrived = arrivalsAt(app)
  const { opened, open } = gate()
  const keys = ['word', 'constructor', 'toString', 'valueOf']
  app.get('/start', async (request) => {
    request.session('words').set('first', 'word')
  })
  app.get('/count', async (request) => {
    await opened
    for (const key of keys) request.session('words').update(key, (count) => ((count as number | undefined) ?? 0) + 1)
  })
  app.get('/words', async (request) => request.session('words').data)
  const client = new Client(app)
  await client.get('/start')
  await raceOf(client, arrived)(Array(3).fill('/count'), open)
  t.same(await client.json('/words'), { first: 'word', ...Object.fromEntries(keys.map((key) => [key, 3])) })
})

t.test('parallel requests that set different keys both win', async (t) => {
  const { app, client, race } = await shop(t)
  const { opened, open } = gate()
  app.get('/set/:key', async (request) => {
    await opened
    const { key } = request.params as { key: string }
    request.session('cart').set(key, key)
  })
  await client.get('/start')
  await race(['/set/a', '/set/b'], open)
  t.hasStrict(await client.json('/cart'), { a: 'a', b: 'b' })
})

t.test('of two that set one key the later wins', async (t) => {
  const { app, client, arrived } = await shop(t)
  const first = gate()
  app.get('/first', async (request) => {
    request.session('cart').set('a', 'first')
  })
  app.get('/second', async (request) => {
    await first.opened
    request.session('cart').set('a', 'second')
  })
  await client.get('/start')
  const second = client.get('/second')
  await arrived(1)
  await client.get('/first')
  first.open()
  await second
  t.hasStrict(await client.json('/cart'), { a: 'second' })
})

t.test('a key with a merge function keeps what both wrote, also when both wrote the same', async (t) => {
  const { app, client, race } = await shop(t)
  const { opened, open } = gate()
  app.get('/tag', async (request) => {
    await opened
    request.session('cart').set('tags', ['x'])
  })
  await client.get('/start')
  await race(['/tag', '/tag'], open)
  t.same(((await client.json('/cart')) as { tags: string[] }).tags, ['0', 'x', 'x'])
})

t.test('an update runs again on the newer value, and a change of its result by hand is not lost', async (t) => {
  const { app, client, race } = await shop(t)
  const { opened, open } = gate()
  app.get('/add/:item', async (request) => {
    await opened
    const { item } = request.params as { item: string }
    request.session('cart').update('items', (items) => [...(items as string[]), item])
  })
  app.get('/by-hand', async (request) => {
    await opened
    const cart = request.session('cart')
    cart.update('items', (items) => [...(items as string[]), 'u'])
    ;(cart.get('items') as string[]).push('by hand')
  })
  await client.get('/start')
  await race(['/add/1', '/add/2', '/by-hand'], open)
  const { items } = (await client.json('/cart')) as { items: string[] }
  t.ok(items.includes('by hand'), 'as a value that was set, the last one')
  await client.get('/start')
  await race(['/add/3', '/add/4', '/add/5'], open)
  t.hasStrict(((await client.json('/cart')) as { items: string[] }).items.sort().slice(0, 3), ['3', '4', '5'])
})

t.test('a clear wipes what a parallel request wrote before it, and what is set after it stays', async (t) => {
  const { app, client, arrived } = await shop(t)
  const { opened, open } = gate()
  app.get('/clear', async (request) => {
    await opened
    request.session('cart').clear().set('b', 'after')
  })
  app.get('/a', async (request) => {
    request.session('cart').set('a', 'before').flash('notice', 'before')
  })
  await client.get('/start')
  const clearing = client.get('/clear')
  await arrived(1)
  await client.get('/a')
  open()
  await clearing
  t.same(await client.json('/cart'), { items: [], visits: 0, tags: [], b: 'after' })
})

t.test('a nested change is noticed and saved, and mere reading saves nothing', async (t) => {
  const { app, client } = await shop(t)
  app.get('/push', async (request) => {
    ;(request.session('cart').get('items') as string[]).push('nested')
    return request.session('cart').isDirty
  })
  app.get('/look', async (request) => {
    const cart = request.session('cart')
    void cart.data
    return cart.isDirty
  })
  await client.get('/start')
  t.equal(await client.json('/push'), true)
  t.hasStrict(await client.json('/cart'), { items: ['nested'] })
  t.equal(await client.json('/look'), false)
})

t.test('flash messages of parallel requests are all kept, and one that was read does not come back', async (t) => {
  const { app, client, race } = await shop(t)
  const { opened, open } = gate()
  app.get('/say/:text', async (request) => {
    await opened
    request.session('cart').flash('notice', (request.params as { text: string }).text)
  })
  app.get('/read', async (request) => request.session('cart').flashes('notice'))
  app.get('/peek', async (request) => request.session('cart').peek())
  await client.get('/start')
  await race(['/say/one', '/say/two'], open)
  t.same(((await client.json('/peek')) as { notice: string[] }).notice.sort(), ['one', 'two'])
  t.same(((await client.json('/read')) as string[]).sort(), ['one', 'two'])
  t.same(await client.json('/read'), [])
  t.same(await client.json('/peek'), {})
})

t.test('reading messages while another request adds one loses neither the reading nor the new one', async (t) => {
  const { app, client, arrived } = await shop(t)
  const { opened, open } = gate()
  app.get('/say/:text', async (request) => {
    request.session('cart').flash('notice', (request.params as { text: string }).text)
  })
  app.get('/slow-read', async (request) => {
    const messages = request.session('cart').flashes('notice')
    await opened
    return messages
  })
  app.get('/read', async (request) => request.session('cart').flashes('notice'))
  await client.get('/start')
  await client.get('/say/old')
  const reading = client.get('/slow-read')
  await arrived(1)
  await client.get('/say/new')
  open()
  t.same((await reading).json(), ['old'])
  t.same(await client.json('/read'), ['new'])
})

t.test('a whole cart survives on a store of its own while preferences live in the cookie', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore(), sealed: cookieStore() },
    sessions: {
      cart: { store: 'memory', schema },
      prefs: { store: 'sealed', schema: z.object({ theme: z.string().default('light') }) }
    }
  })
  app.get('/both', async (request) => {
    request.session('cart').set('visits', 7)
    request.session('prefs').set('theme', 'dark')
  })
  app.get('/read', async (request) => [request.session('cart').get('visits'), request.session('prefs').get('theme')])
  const client = new Client(app)
  const response = await client.get('/both')
  t.equal(response.cookies.length, 2)
  t.same(await client.json('/read'), [7, 'dark'])
})

t.test('a message that is left while a slow request reads others is shown, whatever the clock says', async (t) => {
  for (const [messages, back] of [
    [1, 60_000],
    [500, 0]
  ] as const) {
    const time = clock(t)
    const { app, client } = await shop(t)
    const { opened, open } = gate()
    const read = gate()
    app.get('/many', async (request) => {
      for (let count = 0; count < messages; count++) request.session('cart').flash('notice', `${count}`)
    })
    app.get('/one', async (request) => {
      request.session('cart').flash('notice', 'the one')
    })
    app.get('/read', async (request) => request.session('cart').flashes('notice'))
    app.get('/slow', async (request) => {
      const { length } = request.session('cart').flashes('notice')
      read.open()
      await opened
      return length
    })
    await client.get('/many')
    const slow = client.json('/slow')
    await read.opened
    await client.get('/read')
    time.pass(-back)
    await client.get('/one')
    open()
    t.equal(await slow, messages)
    t.same(await client.json('/read'), ['the one'])
  }
})
