import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { CookieHeader } from '../lib/cookie/header.js'
import sessions from '../lib/index.js'
import { buildApp, Client, KEY } from './client.js'

const schema = z.object({ n: z.number().default(0) })

async function prefs(t: Parameters<typeof buildApp>[0], cookie = {}) {
  const app = await buildApp(t, { sessions: { prefs: { schema, cookie } } })
  app.get(
    '/set/:n',
    async (request) => request.session('prefs').set('n', Number((request.params as { n: string }).n)).isDirty
  )
  app.get('/get', async (request) => [request.session('prefs').get('n'), request.session('prefs').problem ?? null])
  const client = new Client(app)
  await client.get('/set/1')
  const value = client.jar.get('__Host-prefs') as string
  const read = async (header: string) =>
    (await app.inject({ url: '/get', headers: { cookie: header } })).json() as [number, string | null]
  return { app, value, read }
}

t.test('a session is found among other cookies, wherever it stands', async (t) => {
  const { value, read } = await prefs(t)
  for (const header of [
    `__Host-prefs=${value}`,
    `a=b; __Host-prefs=${value}; c=d`,
    `a=b;__Host-prefs=${value};c=d`,
    `a=b;  \t__Host-prefs=${value}  ; c=d`,
    `x__Host-prefs=no; __Host-prefs=${value}`,
    `a=__Host-prefs=no; __Host-prefs=${value}`,
    `a= __Host-prefs=no; __Host-prefs=${value}`,
    `__Host-prefsx=no; __Host-prefs=${value}`
  ]) {
    t.same(await read(header), [1, null], header.replace(value, '…'))
  }
})

t.test(
  'cookies are found in whatever order they stand and are looked for, the first of a name each time',
  async (t) => {
    const names = ['a', 'b', 'c', 'd']
    const any = <T>(of: readonly T[]) => of[Math.floor(Math.random() * of.length)] as T
    const some = (most: number) => Array.from({ length: Math.floor(Math.random() * (most + 1)) })
    const wrong: string[] = []
    for (let round = 0; round < 5000; round++) {
      const pairs = some(7).map((_, at) => [
        any([...names, 'xa', 'f']),
        `${at}${any(['', 'a=', ' b=', 'long'.repeat(5)])}`
      ])
      const text = pairs.map(([name, value]) => `${name}=${value}`).join(any([';', '; ', ';  ', ';;', '; ; ']))
      const header = new CookieHeader(text)
      for (const name of some(7).map(() => any(names))) {
        const expected = pairs.find(([other]) => other === name)?.[1]
        const found = header.find(`${name}=`)?.value
        if (found !== expected) wrong.push(`${found} for ${name} of ${text}`)
      }
    }
    t.same(wrong.slice(0, 5), [])
  }
)

t.test('another name is another cookie', async (t) => {
  const { value, read } = await prefs(t)
  for (const header of [
    `__host-prefs=${value}`,
    `%5F_Host-prefs=${value}`,
    `prefs=${value}`,
    `__Host-prefs =${value}`,
    `a=__Host-prefs=${value}`,
    `a= __Host-prefs=${value}`,
    '__Host-prefs',
    ''
  ]) {
    t.same(await read(header), [0, null], header.replace(value, '…'))
  }
})

t.test('of cookies with one name the first that opens counts, so that a planted one does no harm', async (t) => {
  const { value, read } = await prefs(t)
  t.same(await read(`__Host-prefs=planted; __Host-prefs=${value}`), [1, null])
  t.same(await read('__Host-prefs=planted; __Host-prefs=other'), [0, 'malformed'])
  const many = Array(50).fill('__Host-prefs=planted').join('; ')
  t.same(await read(`${many}; __Host-prefs=${value}`), [0, 'malformed'], 'but no number of them is tried')
  t.same(await read(`__Host-prefs="${value}"`), [0, 'malformed'])
})

t.test('a value that shrinks clears the chunks that the browser has, and no others', async (t) => {
  const app = await buildApp(t, {
    sessions: { big: { schema: z.object({ text: z.string().default('') }), chunks: 4 } }
  })
  app.get('/set/:bytes', async (request) => {
    request.session('big').set('text', 'x'.repeat(Number((request.params as { bytes: string }).bytes)))
  })
  app.get('/out', async (request) => request.session('big').destroy())
  const client = new Client(app)
  const sent = async (url: string) => (await client.get(url)).cookies.map(({ name, maxAge }) => [name, maxAge])
  const [first, second, third] = ['__Host-big', '__Host-big.1', '__Host-big.2']
  t.same(await sent('/set/10'), [[first, undefined]])
  t.same(
    await sent('/set/7000'),
    [first, second, third].map((name) => [name, undefined])
  )
  t.same(await sent('/set/4000'), [
    [first, undefined],
    [second, undefined],
    [third, 0]
  ])
  t.same(await sent('/set/20'), [
    [first, undefined],
    [second, 0]
  ])
  t.same(await sent('/set/30'), [[first, undefined]])
  t.same(
    await sent('/set/4000'),
    [first, second].map((name) => [name, undefined])
  )
  client.jar.set('__Host-big.4', "another's")
  const out = await client.get('/out')
  t.same(
    out.cookies.map(({ name, value, maxAge }) => [name, value, maxAge]),
    [first, second].map((name) => [name, '', 0])
  )
})

t.test('what begins like a value in several cookies, and is none, gives an empty session', async (t) => {
  const { value, read } = await prefs(t)
  for (const planted of ['~', `~${value}`, '~2', `~5~${value}`, `~1~${value}`, `~2~${value}`, `~~${value}`]) {
    const [n, problem] = await read(`__Host-prefs=${planted}`)
    t.equal(n, planted === `~2~${value}` ? 1 : 0, planted.slice(0, 4))
    t.equal(problem, n === 1 ? null : 'malformed')
  }
})

t.test('what is too long says how many cookies it takes, as long as one more is allowed', async (t) => {
  const app = await buildApp(t, {
    sessions: { it: { schema: z.object({ text: z.string() }), seal: 'sign', chunks: 2 } }
  })
  app.get('/:length', async (request) => {
    request.session('it').set('text', 'x'.repeat(Number((request.params as { length: string }).length)))
  })
  const advice = async (length: number) =>
    /: ([^:]*chunks: \d, )?keep less/.exec((await app.inject(`/${length}`)).body)?.[0]
  t.equal(await advice(7000), ': allow more cookies with chunks: 3, keep less')
  t.equal(await advice(11_000), ': allow more cookies with chunks: 4, keep less')
  t.equal(await advice(13_000), ': keep less')
})

t.test('a chunk that is missing, or one too many, gives an empty session', async (t) => {
  const app = await buildApp(t, {
    sessions: { big: { schema: z.object({ text: z.string().default('') }), chunks: 3 } }
  })
  app.get('/set', async (request) => request.session('big').set('text', 'x'.repeat(8000)).isDirty)
  app.get('/set/4000', async (request) => request.session('big').set('text', 'x'.repeat(4000)).isDirty)
  app.get('/get', async (request) => [
    String(request.session('big').get('text')).length,
    request.session('big').problem ?? null
  ])
  const client = new Client(app)
  await client.get('/set')
  t.same(await client.json('/get'), [8000, null])
  const swapped = client.copy()
  swapped.jar.set('__Host-big.1', client.jar.get('__Host-big.2') as string)
  t.same(await swapped.json('/get'), [0, 'bad-seal'])
  const shorter = client.copy()
  await shorter.get('/set/4000')
  t.notOk(shorter.jar.has('__Host-big.2'))
  shorter.jar.set('__Host-big.2', 'left from before')
  t.same(await shorter.json('/get'), [4000, null])
  client.jar.delete('__Host-big.1')
  t.match(await client.json('/get'), [0, /bad-seal|malformed/])
})

t.test('exactly 4096 bytes pass, one more does not', async (t) => {
  const names = ['a', 'ab', 'abc', 'abcd']
  const largest = await Promise.all(
    names.map(async (name) => {
      const schema = z.object({ text: z.string() })
      const app = await buildApp(t, { sessions: { it: { schema, seal: 'sign', cookie: { name } } } })
      app.get('/:length', async (request) => {
        request.session('it').set('text', 'x'.repeat(Number((request.params as { length: string }).length)))
      })
      for (let length = 2950, bytes = 0; ; length++) {
        const { statusCode, cookies } = await app.inject(`/${length}`)
        if (statusCode !== 200) return bytes
        bytes = name.length + (cookies[0]?.value.length ?? 0)
      }
    })
  )
  t.equal(Math.max(...largest), 4096, `${largest}`)
})

t.test('every attribute is sent as it is defined, and a cleared cookie has the same ones', async (t) => {
  const cookie = {
    name: 'shop',
    path: '/shop',
    domain: 'example.com',
    secure: false,
    httpOnly: false,
    sameSite: 'strict',
    priority: 'low'
  } as const
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(sessions, {
    keys: [KEY],
    sessions: { prefs: { schema, cookie } },
    cookie: { httpOnly: true, maxAge: 60 }
  })
  app.get('/shop/set', async (request) => request.session('prefs').set('n', 1).isDirty)
  app.get('/shop/end', async (request) => request.session('prefs').destroy())
  const client = new Client(app)
  const set = (await client.get('/shop/set')).headers['set-cookie'] as string
  t.match(set, /^shop=[^;]+; Max-Age=60; Domain=example\.com; Path=\/shop; Priority=Low; SameSite=Strict$/)
  const cleared = (await client.get('/shop/end')).headers['set-cookie'] as string
  t.equal(cleared.replace(/; Max-Age=0; Expires=[^;]+/, ''), set.replace(/=[^;]+; Max-Age=60/, '='))
})
