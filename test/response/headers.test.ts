import type { FastifyReply } from 'fastify'
import t from 'tap'
import { sendCookies } from '../../lib/response/send-cookies.js'
import { keepFromSharedCaches, keepResponseFromSharedCaches } from '../../lib/response/shared-cache.js'
import { isResponse, statusOf, varyByCookie, withHeader } from '../../lib/response/vary.js'
import { headersOf, replying } from './replying.js'

const VARIES: readonly (readonly [string | string[], string | string[]])[] = [
  ['Accept', 'Accept, Cookie'],
  ['Accept, Accept-Language', 'Accept, Accept-Language, Cookie'],
  ['X-Cookie', 'X-Cookie, Cookie'],
  ['Cookie-Policy', 'Cookie-Policy, Cookie'],
  ['Cookie', 'Cookie'],
  ['cookie', 'cookie'],
  ['*', '*'],
  ['Accept,COOKIE', 'Accept,COOKIE'],
  [' cookie , Accept', ' cookie , Accept'],
  ['Accept, * ', 'Accept, * ']
]

t.test('a response varies by cookie, whatever else it varies by', async (t) => {
  const vary = (present?: string | string[]) => {
    const { reply, headers } = replying(present === undefined ? {} : { vary: present })
    t.equal(varyByCookie(reply as unknown as FastifyReply, 'page'), 'page')
    return headers.get('vary')
  }
  t.equal(vary(), 'Cookie')
  for (const [present, expected] of [
    ...VARIES,
    [
      ['Accept', 'Cookie'],
      ['Accept', 'Cookie']
    ]
  ] as const) {
    t.same(vary(present as string), expected)
  }
})

t.test('so does a web Response that varies by something, which keeps the rest', async (t) => {
  const { reply } = replying()
  const vary = (response: Response) => varyByCookie(reply as unknown as FastifyReply, response) as Response
  const plain = new Response('page')
  t.equal(vary(plain), plain, 'the header of the reply is enough')
  for (const [present, expected] of VARIES) {
    const headers = { vary: present as string, 'x-own': 'yes' }
    const response = new Response('page', { status: 203, statusText: 'Own', headers })
    const sent = vary(response)
    t.equal(sent === response, present === expected, present as string)
    t.equal(sent.headers.get('vary'), String(expected).trim())
    t.same([sent.status, sent.statusText, sent.headers.get('x-own')], [203, 'Own', 'yes'])
    t.equal(await sent.text(), 'page')
  }
})

t.test('a web Response that can not be sent is left to Fastify', async (t) => {
  const read = new Response('page')
  await read.text()
  t.equal(withHeader(read, 'vary', 'Cookie'), read)
  const locked = new Response('page')
  locked.body?.getReader()
  t.equal(withHeader(locked, 'vary', 'Cookie'), locked)
  const empty = withHeader(new Response(null), 'vary', 'Cookie')
  t.same([empty.headers.get('vary'), empty.body], ['Cookie', null])
})

t.test('a web Response is known by its name, and has a status of its own', async (t) => {
  const { reply } = replying()
  const another = { [Symbol.toStringTag]: 'Response', status: 418 }
  const status = (payload: unknown) => statusOf(reply as unknown as FastifyReply, payload)
  t.same([isResponse(new Response()), isResponse(another)], [true, true])
  t.same([status(new Response('', { status: 404 })), status(another)], [404, 418])
  const none = [undefined, null, 'Response', {}, Object.assign(() => {}, another), { [Symbol.toStringTag]: 'Request' }]
  for (const payload of none) t.same([isResponse(payload), status(payload)], [false, 200])
})

const NAMES = {
  'cache-control': 'Cache-Control',
  'cdn-cache-control': 'CDN-Cache-Control',
  'surrogate-control': 'surrogate-control',
  'cloudflare-cdn-cache-control': 'cloudflare-cdn-cache-control',
  'netlify-cdn-cache-control': 'netlify-cdn-cache-control',
  'vercel-cdn-cache-control': 'vercel-cdn-cache-control'
}

const FOR_ALL = [
  'public',
  'PUBLIC, max-age=5',
  'max-age=60',
  'max-age=060',
  'Max-Age = "60"',
  's-maxage=0',
  'x, public'
]
const FOR_ONE = [
  'private',
  'Private, max-age=60',
  'no-store',
  'max-age=60, no-store',
  'max-age=0',
  'max-age=00',
  'no-cache'
]

const told = (name: string, said: string) => [
  { route: 'GET /cart/:id' },
  `GET /cart/:id says ${name}: ${said} and sets the cookie of a session, which a shared cache would give to the next visitor: no-store is sent instead; write private, or use no session there`
]

t.test('what lets shared caches keep a cookie for others is taken back, and told', async (t) => {
  for (const [name, shown] of Object.entries(NAMES)) {
    for (const said of FOR_ALL) {
      const { state, lines } = replying()
      const headers = headersOf({ [name]: said })
      keepFromSharedCaches(state, headers)
      t.same([...headers.set], [['cache-control', 'no-store']], `${name}: ${said}`)
      t.same(lines, [told(shown, said)])
      const response = new Response('page', { headers: { [name]: said, 'x-own': 'yes' } })
      const sent = keepResponseFromSharedCaches(replying().state, response) as Response
      t.same([sent.headers.get(name), sent.headers.get('x-own')], ['no-store', 'yes'])
    }
    for (const said of FOR_ONE) {
      const { state, lines } = replying()
      const headers = headersOf({ [name]: said })
      keepFromSharedCaches(state, headers)
      const kept = name === 'cache-control' ? said : 'no-store'
      t.same([headers.set.get(name), headers.set.get('cache-control'), lines], [said, kept, []])
      const response = new Response('page', { headers: { [name]: said } })
      t.equal(keepResponseFromSharedCaches(state, response), response)
    }
  }
})

t.test('what says nothing of caches is kept from them, and the log gets no line', async (t) => {
  const { state, lines } = replying()
  const headers = headersOf()
  keepFromSharedCaches(state, headers)
  t.same([...headers.set], [['cache-control', 'no-store']])
  const response = new Response('page')
  t.equal(keepResponseFromSharedCaches(state, response), response)
  t.equal(keepResponseFromSharedCaches(state, 'page'), 'page')
  t.same(lines, [])
})

t.test('the same is told once of each route and header', async (t) => {
  const { state, request, lines } = replying()
  const say = (name: string) => keepFromSharedCaches(state, headersOf({ [name]: 'public' }))
  for (const name of ['cache-control', 'cache-control', 'surrogate-control']) say(name)
  request.routeOptions.url = '/other'
  say('cache-control')
  const places = lines.map(([, text]) => String(text).slice(0, String(text).indexOf(': public')))
  t.same(places, [
    'GET /cart/:id says Cache-Control',
    'GET /cart/:id says surrogate-control',
    'GET /other says Cache-Control'
  ])
})

const cookies = [
  { name: 'a', text: 'a=1; Path=/' },
  { name: 'b', text: 'b=2; Path=/' }
]
const texts = ['a=1; Path=/', 'b=2; Path=/']

t.test('cookies are set in the reply, and in the raw one while the handler may still take it over', async (t) => {
  const { state, headers, raw } = replying({ 'set-cookie': 'own=0' })
  sendCookies(state, cookies)
  t.same(Object.fromEntries(headers), { 'set-cookie': ['own=0', ...texts], 'cache-control': 'no-store' })
  t.same(Object.fromEntries(raw), Object.fromEntries(headers))
  t.same(state.written, ['a', 'b'])
  for (const stage of ['saving', 'left'] as const) {
    const later = replying()
    later.state.stage = stage
    sendCookies(later.state, cookies)
    t.same(later.headers.get('set-cookie'), texts)
    t.equal(later.raw.size, 0, stage)
  }
})

t.test('cookies of a reply that is written by hand are set there alone', async (t) => {
  const { state, reply, headers, raw } = replying()
  reply.sent = true
  raw.set('set-cookie', ['own=0', 'a=0'])
  raw.set('cache-control', 'public')
  state.written = ['a']
  sendCookies(state, cookies)
  t.same(Object.fromEntries(raw), { 'set-cookie': ['own=0', ...texts], 'cache-control': 'no-store' })
  t.equal(headers.size, 0)
})

t.test('without a cookie, or once the headers are sent, nothing is set', async (t) => {
  const { state, headers } = replying()
  sendCookies(state, [])
  const late = replying()
  late.reply.raw.headersSent = true
  sendCookies(late.state, cookies)
  t.same([headers.size, late.headers.size, late.state.written], [0, 0, []])
})
