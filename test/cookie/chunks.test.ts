import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import { Cookie, setCookies } from '../../lib/cookie/cookie.js'
import { CookieHeader } from '../../lib/cookie/header.js'

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)

const requestWith = (cookie?: string) => ({ protocol: 'https', headers: { cookie } }) as FastifyRequest
const ATTRIBUTES = '; Path=/; HttpOnly; Secure; SameSite=Lax'
const CLEARED = `=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${ATTRIBUTES}`
const cookie = new Cookie('it', {}, 3)
const texts = (cookies: ReturnType<Cookie['write']>) => cookies.map(({ text }) => text)
const pairs = (cookies: ReturnType<Cookie['write']>) => cookies.map(({ text }) => text.split(';')[0]).join('; ')
const valueIn = (header: string) => cookie.first(new CookieHeader(header))?.value

t.test('a value that fits is one cookie', async (t) => {
  t.same(cookie.names, ['__Host-it', '__Host-it.1', '__Host-it.2'])
  t.same(cookie.write(requestWith(), 'value', undefined), [{ name: '__Host-it', text: `__Host-it=value${ATTRIBUTES}` }])
  t.same(texts(cookie.write(requestWith(), 'value', 60)), [`__Host-it=value; Max-Age=60${ATTRIBUTES}`])
  const longest = 'x'.repeat(4096 - '__Host-it'.length)
  t.same(texts(cookie.write(requestWith(), longest, undefined)), [`__Host-it=${longest}${ATTRIBUTES}`])
})

t.test('a longer one is split, and put together again', async (t) => {
  for (const [length, count] of [
    [4088, 2],
    [8168, 2],
    [8169, 3],
    [12_252, 3]
  ] as const) {
    const value = Array.from({ length }, (_, at) => 'abcdefg'[at % 7]).join('')
    const written = cookie.write(requestWith(), value, undefined)
    t.same(
      written.map(({ name }) => name),
      cookie.names.slice(0, count),
      `${length}`
    )
    t.ok(
      written.every(
        ({ name, text }) =>
          (text.split(';')[0] as string).length <= 4096 + '='.length + name.length - '__Host-it'.length
      )
    )
    t.equal(valueIn(`a=1; ${pairs(written)}; b=2`), value)
    t.equal(
      valueIn(
        written
          .map(({ text }) => text.split(';')[0])
          .reverse()
          .join('; ')
      ),
      value,
      'in another order'
    )
  }
})

t.test('what needs more cookies than are allowed is refused, with what would do', async (t) => {
  const refusal = (chunks: number, length: number) => {
    try {
      return new Cookie('it', {}, chunks).write(requestWith(), 'x'.repeat(length), undefined).length
    } catch (error) {
      return (error as Error).message
    }
  }
  t.equal(refusal(3, 12_252), 3)
  t.equal(
    refusal(3, 12_253),
    'session "it": its cookie has 12262 bytes of name and value, browsers drop more than 4096 in each of 3: allow more cookies with chunks: 4, keep less in it, or use a record store'
  )
  t.equal(
    refusal(1, 20_000),
    'session "it": its cookie has 20009 bytes of name and value, browsers drop more than 4096: keep less in it, or use a record store'
  )
})

t.test('cookies that are left over from a longer value are cleared, and no others', async (t) => {
  const came = requestWith('__Host-it=~3~a; __Host-it.1=b; __Host-it.2=c; __Host-it.3=d')
  t.same(texts(cookie.write(came, 'value', undefined)), [
    `__Host-it=value${ATTRIBUTES}`,
    `__Host-it.1${CLEARED}`,
    `__Host-it.2${CLEARED}`
  ])
  const written = cookie.write(came, 'x'.repeat(5000), undefined)
  t.same(texts(written).slice(2), [`__Host-it.2${CLEARED}`])
  t.same(texts(cookie.clear(came)), [`__Host-it${CLEARED}`, `__Host-it.1${CLEARED}`, `__Host-it.2${CLEARED}`])
  t.same(texts(cookie.clear(requestWith())), [`__Host-it${CLEARED}`])
  t.same(texts(cookie.write(requestWith('__Host-it=a'), 'value', undefined)), [`__Host-it=value${ATTRIBUTES}`])
})

t.test('only a value that begins with a number of cookies is one of several', async (t) => {
  for (const value of ['a~2~b', '~5~a', '~1~a', '~a', '~2a', '~22~a', '']) {
    t.equal(valueIn(`__Host-it=${value}; __Host-it.1=c`), value)
  }
  t.equal(valueIn('__Host-it=~2~a; __Host-it.1=c'), 'ac')
  t.equal(valueIn('__Host-it=~3~a; __Host-it.2=c'), 'ac', 'what is missing is left out: the seal tells')
  t.equal(valueIn('__Host-it.1=c'), undefined)
})

t.test('a reply has each of our cookies once, beside those of others', async (t) => {
  const headers = new Map<string, string[]>([['set-cookie', ['__Host-it=old; Path=/', '__Host-it.1=old', 'other=1']]])
  const reply = {
    getHeader: (name: string) => headers.get(name),
    removeHeader: (name: string) => headers.delete(name),
    header: (name: string, value: string | string[]) => headers.set(name, [...(headers.get(name) ?? []), value].flat())
  }
  const set = (value: string, already: readonly string[]) =>
    setCookies(reply, cookie.write(requestWith(), value, undefined), already)
  t.same(set('new', ['__Host-it', '__Host-kept']), ['__Host-it', '__Host-kept'])
  t.same(headers.get('set-cookie'), ['__Host-it.1=old', 'other=1', `__Host-it=new${ATTRIBUTES}`])
  headers.clear()
  t.same(set('x'.repeat(5000), []), ['__Host-it', '__Host-it.1'])
  t.equal(headers.get('set-cookie')?.length, 2)
})
