import t, { type Test } from 'tap'
import { z } from 'zod'
import { goJson } from '../../lib/go/json.js'
import { openSecureCookie, sealSecureCookie } from '../../lib/go/securecookie.js'
import type { Definition } from '../../lib/index.js'
import { type GoSecureCookieOptions, goSecureCookie } from '../../lib/seals/go-securecookie.js'
import { buildApp, Client, clock } from '../client.js'
import { type Ask, type Asked, lackOfGo, startGorilla } from '../servers/gorilla.js'

const skip = (await lackOfGo()) ?? false
const key = (byte: number, length = 32) => Buffer.alloc(length, byte)
const PAIRS = [key(1), key(2), key(3), key(4, 16)]
const hex = (keys: readonly (Buffer | undefined)[]) => keys.map((each) => each?.toString('hex') ?? '')
const schema = z.object({
  user: z.string().default(''),
  visits: z.number().default(0),
  list: z.array(z.unknown()).default([])
})
const flash = z.object({ _flash: z.string(), notice: z.string() })

/** An app whose cookie is shared with Go, and a browser. */
async function shared(t: Test, options: Partial<GoSecureCookieOptions> = {}, more: Partial<Definition> = {}) {
  const shop = {
    schema,
    flash,
    cookie: { name: 'shop', secure: false },
    seal: goSecureCookie({ pairs: PAIRS, ...options }),
    ...more
  }
  const app = await buildApp(t, { sessions: { shop } })
  const session = (request: object) => (request as { session(name: string): never }).session('shop') as Session
  app.get('/data', async (request) => session(request).data)
  app.get('/problem', async (request) => JSON.stringify(session(request).problem ?? null))
  app.get('/flashes', async (request) => session(request).flashes())
  app.get('/set/:key', async (request) => {
    const { key } = request.params as { key: string }
    const { value } = request.query as { value: string }
    session(request).set(key, JSON.parse(value))
    return 'set'
  })
  app.get('/flash/:kind/:message', async (request) => {
    const { kind, message } = request.params as { kind: string; message: string }
    session(request).flash(kind, message)
    return 'added'
  })
  app.get('/remember', async (request) => {
    session(request).set('user', 'ada')
    session(request).persist(1000)
    return 'remembered'
  })
  app.get('/sign-out', async (request) => {
    session(request).destroy()
    return 'out'
  })
  return new Client(app)
}

interface Session {
  readonly data: object
  readonly problem: string | undefined
  flashes(): object
  set(key: string, value: unknown): void
  flash(kind: string, message: string): void
  persist(seconds: number): void
  destroy(): void
}

t.test('a cookie that Go and this app share', { skip }, async (t) => {
  const ask = await startGorilla(t)

  t.test('is, byte for byte, what securecookie makes of it', async (t) => {
    for (const keys of [[key(1)], [key(1), key(2)], [key(1), key(2, 24)], [key(1), key(2, 16)]]) {
      for (const set of [
        {},
        { user: 'ada' },
        { z: [1.5, 1e21, 1e-7, -3, null], a: { '10': 1, '9': '<&>\u2028é\t"\\' } }
      ]) {
        const asked: Asked = { do: 'secure', pairs: hex(keys), serializer: 'json', set }
        const { cookie } = await ask(asked)
        const [opened] = openSecureCookie('shop', cookie, [{ hash: keys[0] as Buffer, block: keys[1] }])
        if (opened === undefined) throw new Error('it did not open')
        t.equal(opened.content.toString(), `${goJson(set)}\n`)
        const sealed = Buffer.from(cookie, 'base64url')
        const content = Buffer.from(String(sealed).split('|')[1] as string, 'base64url')
        const making = { madeAt: opened.madeAt, iv: content.subarray(0, 16) }
        t.equal(sealSecureCookie('shop', Buffer.from(`${goJson(set)}\n`), opened.pair, making), cookie)
      }
    }
  })

  for (const serializer of ['json', 'gob'] as const) {
    t.test(`is read and changed by both, as ${serializer}`, async (t) => {
      const client = await shared(t, { serializer })
      const go = goSide(ask, client, serializer)
      t.same(await go({ user: 'ada', visits: 1 }), {})
      t.same(await client.json('/data'), { user: 'ada', visits: 1, list: [] }, 'what Go began')
      await client.get('/set/visits?value=2')
      await client.get('/set/list?value=["a",1,true,null]')
      const { _fastify, ...values } = await go({ other: 'of Go alone' })
      t.type(_fastify, 'string')
      t.same(values, { user: 'ada', visits: 2, list: ['a', 1, true, null] })
      await client.get('/set/visits?value=3')
      const { _fastify: _, ...later } = await go({ user: 'bob' })
      t.same(
        later,
        { user: 'ada', visits: 3, list: ['a', 1, true, null], other: 'of Go alone' },
        'and keys that only Go has'
      )
      t.same(await client.json('/data'), { user: 'bob', visits: 3, list: ['a', 1, true, null] })
    })

    t.test(`holds flash messages for each other, as ${serializer}`, async (t) => {
      const client = await shared(t, { serializer })
      const go = goSide(ask, client, serializer)
      await client.get('/flash/_flash/one')
      await client.get('/flash/_flash/two')
      await client.get('/flash/notice/ours')
      t.same((await go({}))['_flash'], ['one', 'two'])
      t.same(await client.json('/flashes'), { _flash: ['one', 'two'], notice: ['ours'] })
      t.notOk('_flash' in (await go({ _flash: ['of Go'] })))
      t.same(await client.json('/flashes'), { _flash: ['of Go'] })
      t.same(await client.json('/flashes'), {})
    })
  }

  t.test('of a CookieStore: flashes, and the types that numbers have in Go', async (t) => {
    const client = await shared(t, { serializer: 'gob', types: { visits: 'int64' } })
    const go = (asked: Partial<Asked>) =>
      ask({ do: 'session', pairs: hex(PAIRS), cookie: client.jar.get('shop'), ...asked })
    const set = { user: 'ada', visits: 1, priceFloat: 2, aUint8: 7, theRole: 'admin', theBytes: 'abc', anIdBig: 1 }
    client.jar.set('shop', (await go({ set, flashes: ['of Go'] })).cookie)
    t.hasStrict(await client.json('/data'), { user: 'ada', visits: 1 })
    await client.get('/set/visits?value=5')
    await client.get('/flash/_flash/ours')
    const { types, flashes, texts } = await go({ take: true })
    t.same(flashes, ['of Go', 'ours'])
    t.hasStrict(texts, { visits: '5', priceFloat: '2', theRole: 'admin', anIdBig: '9007199254740993' })
    t.hasStrict(types, {
      user: 'string',
      visits: 'int64',
      priceFloat: 'float64',
      aUint8: 'uint8',
      theRole: 'main.role',
      theBytes: '[]uint8',
      anIdBig: 'int64'
    })
  })

  t.test('with values of types that only Go knows is read, and is not saved', async (t) => {
    const client = await shared(t, { serializer: 'gob' })
    const { cookie } = await ask({ do: 'session', pairs: hex(PAIRS), set: { user: 'ada', theProfile: true } })
    client.jar.set('shop', cookie)
    t.hasStrict(await client.json('/data'), { user: 'ada' })
    const { statusCode, body } = await client.get('/set/visits?value=5')
    t.equal(statusCode, 500)
    t.match(
      JSON.parse(body).message,
      /values of types that only the Go app knows, which would be lost: nothing was saved/
    )
    t.equal(client.jar.get('shop'), cookie)
    t.equal((await client.get('/sign-out')).statusCode, 200)
    t.notOk(client.jar.has('shop'))
  })

  t.test('that Go decodes into a structure loses what the structure lacks, and goes on', async (t) => {
    const client = await shared(t)
    await client.get('/set/user?value="ada"')
    await client.get('/set/list?value=[1]')
    const { cookie, values } = await ask({
      do: 'structure',
      pairs: hex(PAIRS),
      serializer: 'json',
      cookie: client.jar.get('shop')
    })
    t.same(values, { user: 'ada', visits: 1 })
    client.jar.set('shop', cookie)
    t.same(await client.json('/data'), { user: 'ada', visits: 1, list: [] })
  })

  t.test('opens with each pair, and is sealed with the first one by whoever answers next', async (t) => {
    const client = await shared(t)
    for (const keys of [PAIRS.slice(2), PAIRS.slice(0, 2)]) {
      client.jar.set(
        'shop',
        (await ask({ do: 'secure', pairs: hex(keys), serializer: 'json', set: { user: 'ada' } })).cookie
      )
      t.hasStrict(await client.json('/data'), { user: 'ada' })
      const first = { do: 'secure', pairs: hex(PAIRS.slice(0, 2)), serializer: 'json' } as const
      t.hasStrict((await ask({ ...first, cookie: client.jar.get('shop') })).values, { user: 'ada' })
    }
    const hashOnly = await shared(t, { pairs: [key(9)] })
    await hashOnly.get('/set/user?value="ada"')
    const cookie = hashOnly.jar.get('shop')
    t.hasStrict((await ask({ do: 'secure', pairs: hex([key(9)]), serializer: 'json', cookie })).values, { user: 'ada' })
    const [opened] = openSecureCookie('shop', String(cookie), [{ hash: key(9), block: undefined }])
    t.match(String(opened?.content), /^\{"_fastify":"\d+ \{.*\}","user":"ada"\}\n$/, 'as an encoder of Go ends a value')
  })

  t.test('of two pairs with one hash key opens with the block key that made it', async (t) => {
    const client = await shared(t, { pairs: [key(1), key(2), key(1), key(3)] })
    const asked: Asked = { do: 'secure', pairs: hex([key(1), key(3)]), serializer: 'json', set: { user: 'ada' } }
    client.jar.set('shop', (await ask(asked)).cookie)
    t.hasStrict(await client.json('/data'), { user: 'ada' })
  })

  t.test('is good for as long as Go says, to the second, and its length is what Go allows', async (t) => {
    const client = await shared(t, { maxAge: 100, maxLength: 600 }, { idle: 50 })
    const asked: Asked = { do: 'secure', pairs: hex(PAIRS), serializer: 'json', maxAge: 100, maxLength: 600 }
    for (const [age, isGood] of [
      [95, true],
      [105, false]
    ] as const) {
      const making = { madeAt: Math.floor(Date.now() / 1000) - age, iv: key(7, 16) }
      const pair = { hash: key(1), block: key(2) }
      const cookie = sealSecureCookie('shop', Buffer.from('{"user":"ada"}'), pair, making)
      const other = await shared(t, { maxAge: 100 }, { idle: 100 })
      other.jar.set('shop', cookie)
      t.equal(await other.json('/problem'), isGood ? null : 'expired')
      const inGo = ask({ ...asked, cookie })
      await (isGood ? t.resolves(inGo) : t.rejects(inGo, { message: /expired timestamp/ }))
    }
    const lasting = await shared(t, { maxAge: 100 }, { idle: 100 })
    await lasting.get('/remember')
    const time = clock(t)
    time.pass(105_000)
    t.equal(await lasting.json('/problem'), 'expired', 'which no longer memory changes')
    time.pass(-105_000)
    const fits = (letters: number) => client.get(`/set/user?value="${'x'.repeat(letters)}"`)
    let most = 150
    while ((await fits(most)).statusCode === 200) most++
    const length = client.jar.get('shop')?.length as number
    t.ok(length > 590 && length <= 600, `${length}`)
    t.match((await fits(most)).json().message, /its cookie's value has 60\d bytes, and goSecureCookie\(\) allows 600/)
    t.match((await ask({ ...asked, cookie: client.jar.get('shop') })).values, { user: /^x+$/ })
    await t.rejects(ask({ ...asked, set: { user: 'x'.repeat(most + 100) } }), { message: /too long|too big/ })
  })
})

/** Reads the cookie in Go, and changes it there; gives what it held before. */
function goSide(ask: Ask, client: Client, serializer: 'json' | 'gob') {
  return async (set: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> => {
    const kind = serializer === 'json' ? 'secure' : 'session'
    const { _flash = undefined, ...others } = set as { readonly _flash?: readonly string[] }
    const cookie = client.jar.get('shop')
    // A list of texts would be another type in Go than that of flashes.
    const flashes = serializer === 'gob' && _flash ? { flashes: _flash } : {}
    const asked: Asked = {
      do: kind,
      serializer,
      pairs: hex(PAIRS),
      cookie,
      set: serializer === 'gob' ? others : set,
      ...flashes
    }
    const { values, cookie: next } = await ask(asked)
    client.jar.set('shop', next)
    return values
  }
}

t.test('a session ends when it was not used for long enough, by this app or by Go', { skip }, async (t) => {
  const ask = await startGorilla(t)
  const client = await shared(t, {}, { idle: 100, touchAfter: 10 })
  const copy = client.copy()
  const time = clock(t)
  await client.get('/set/user?value="ada"')
  time.pass(90_000)
  t.hasStrict(await client.json('/data'), { user: 'ada' }, 'which renews it')
  time.pass(90_000)
  t.hasStrict(await client.json('/data'), { user: 'ada' })
  time.pass(101_000)
  t.same(await client.json('/problem'), 'expired')
  const { cookie } = await ask({ do: 'secure', pairs: hex(PAIRS), serializer: 'json', set: { user: 'ada' } })
  copy.jar.set('shop', cookie)
  t.same(await copy.json('/problem'), 'expired', 'the clock of the test is 281 s ahead of that of Go')
})

t.test('a change by Go is a use, also where that keeps what this app knows of the session', { skip }, async (t) => {
  const ask = await startGorilla(t)
  const client = await shared(t, {}, { idle: 100 })
  const time = clock(t)
  time.pass(-90_000)
  await client.get('/set/user?value="ada"')
  const copy = client.copy()
  await goSide(ask, client, 'json')({ visits: 1 })
  time.pass(90_000 + 50_000)
  t.hasStrict(await client.json('/data'), { user: 'ada', visits: 1 })
  t.equal(await copy.json('/problem'), 'expired', 'the cookie of before it')
})

t.test('what is no cookie of Go, or was changed, gives no session, and says why', async (t) => {
  const client = await shared(t)
  await client.get('/set/user?value="ada"')
  const value = client.jar.get('shop') as string
  const problemOf = async (changed: string) => {
    client.jar.set('shop', changed)
    return client.json('/problem')
  }
  t.equal(await problemOf(value), null)
  const bytes = Buffer.from(value, 'base64url')
  for (let at = 0; at < bytes.length; at += 11) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] as number) ^ 1
    t.equal(await problemOf(changed.toString('base64url')), 'bad-seal', `byte ${at}`)
  }
  t.equal(await problemOf('x'), 'bad-seal')
  t.equal(await problemOf('x'.repeat(4097)), 'too-large')
  const pair = { hash: key(1), block: key(2) }
  const making = { madeAt: Math.floor(Date.now() / 1000), iv: key(7, 16) }
  t.equal(await problemOf(sealSecureCookie('shop', Buffer.from('[1]'), pair, making)), 'malformed')
  t.equal(await problemOf(sealSecureCookie('other', Buffer.from('{}'), pair, making)), 'bad-seal', 'of another name')
})

t.test('a payload and flashes can not have one key', async (t) => {
  const client = await shared(t, { flashes: ['user'] }, { flash: z.object({ user: z.string() }) as never })
  await client.get('/set/user?value="ada"')
  const { message } = (await client.get('/flash/user/hello')).json()
  t.match(message, /the key "user" is where flashes stand, or what the plugin keeps/)
})

t.test('what the seal, or the definition with it, can not do is refused at start', async (t) => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{}, /goSecureCookie\(\): pairs: expected an array of keys, a hash key first/],
    [{ pairs: ['hash', 'short'] }, /a block key has 16, 24 or 32 bytes/],
    [{ pairs: ['hash'], maxAge: -1 }, /maxAge: expected a whole number, 0 or more/],
    [{ pairs: ['hash'], serializer: 'xml' }, /serializer: expected "json" or "gob"/],
    [{ pairs: ['hash'], types: { a: 'int' } }, /types: JSON knows one kind of number/],
    [{ pairs: ['hash'], serializer: 'gob', types: { a: 'text' } }, /types: a: expected one of int, int8/],
    [{ pairs: ['hash'], flashes: ['_fastify'] }, /flashes: expected an array of kinds, without "_fastify"/],
    [{ pairs: ['hash'], keys: [] }, /there is no option "keys"/]
  ]
  for (const [options, message] of wrong) {
    t.throws(
      () => goSecureCookie(options as GoSecureCookieOptions),
      { code: 'FST_SESSIONS_CONFIG', message },
      String(message)
    )
  }
  const definitions: readonly (readonly [Partial<Definition>, Partial<GoSecureCookieOptions>, RegExp])[] = [
    [{ chunks: 2 }, {}, /session "shop": goSecureCookie\(\): chunks: Go reads one cookie/],
    [{ idle: 101 }, { maxAge: 100 }, /idle is longer than its maxAge of 100 s, after which Go takes no cookie/],
    [{ seal: {} as never }, {}, /seal: expected "encrypt" or "sign", got \{\}/]
  ]
  for (const [more, options, message] of definitions) {
    const seal = goSecureCookie({ pairs: PAIRS, ...options })
    const sessions = { shop: { schema, seal, ...more } }
    await t.rejects(
      buildApp(t, { sessions }).then((app) => app.ready()),
      { code: 'FST_SESSIONS_CONFIG', message }
    )
  }
})
