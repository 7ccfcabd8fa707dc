import t from 'tap'
import { CookieJar, movableClock } from '../../lib/testing/index.js'

const shop = new URL('https://shop.example/basket/items')

function jarWith(...lines: readonly string[]): CookieJar {
  const jar = new CookieJar()
  for (const line of lines) jar.set(line, shop)
  return jar
}

t.test('a cookie goes to where its domain and path say', async (t) => {
  const cases: readonly (readonly [line: string, url: string, isSent: boolean])[] = [
    ['a=1', 'https://shop.example/basket', true],
    ['a=1', 'https://shop.example/basket/items/7', true],
    ['a=1', 'https://shop.example/baskets', false],
    ['a=1', 'https://shop.example/', false],
    ['a=1; Path=/', 'https://shop.example/', true],
    ['a=1; Path=/', 'https://www.shop.example/', false],
    ['a=1; Path=/; Domain=shop.example', 'https://www.shop.example/', true],
    ['a=1; Path=/; Domain=.SHOP.example', 'https://www.shop.example/', true],
    ['a=1; Path=/; Domain=shop.example', 'https://bookshop.example/', false],
    ['a=1; Path=/; Domain=other.example', 'https://other.example/', false],
    ['a=1; Path=admin', 'https://shop.example/basket', true],
    ['a=1; Path=/; Secure', 'http://shop.example/', false],
    ['a=1; Path=/; Secure', 'https://shop.example/', true]
  ]
  for (const [line, url, isSent] of cases) {
    t.equal(jarWith(line).header(new URL(url)), isSent ? 'a=1' : undefined, `${line} to ${url}`)
  }
})

t.test('the longest path stands first, then who was there first', async (t) => {
  const jar = jarWith('a=1; Path=/', 'b=2; Path=/basket', 'c=3; Path=/', 'a=4; Path=/')
  t.equal(jar.header(shop), 'b=2; a=4; c=3')
})

t.test('what a browser would not take is not taken', async (t) => {
  for (const line of [
    '',
    '=',
    '__Host-a=1; Path=/',
    '__Host-a=1; Secure; Path=/basket',
    '__Host-a=1; Secure; Path=/; Domain=shop.example',
    '__secure-a=1; Path=/'
  ]) {
    t.same(jarWith(line).all, [], line)
  }
  t.equal(jarWith('__Host-a=1; Secure; Path=/').header(shop), '__Host-a=1')
  const jar = new CookieJar()
  jar.set('a=1; Secure; Path=/', new URL('http://shop.example/'))
  t.same(jar.all, [], 'Secure from a page that is not')
  jar.set('a=1; Secure; Path=/', new URL('http://localhost:3000/'))
  t.equal(jar.header(new URL('http://localhost:3000/x')), 'a=1', 'the own machine counts as secure')
})

t.test('a cookie ends when it says, Max-Age before Expires', async (t) => {
  const clock = movableClock()
  t.teardown(() => clock.restore())
  const jar = jarWith(
    'short=1; Path=/; Max-Age=10; Expires=Fri, 31 Dec 9999 23:59:59 GMT',
    `long=1; Path=/; Expires=${new Date(Date.now() + 60_000).toUTCString()}`,
    'browser=1; Path=/',
    'unread=1; Path=/; Max-Age=soon; Expires=never'
  )
  t.equal(jar.header(shop), 'short=1; long=1; browser=1; unread=1')
  clock.pass(10_000)
  t.equal(jar.header(shop), 'long=1; browser=1; unread=1')
  jar.endBrowserSession()
  t.equal(jar.header(shop), 'long=1')
  clock.pass(50_001)
  t.equal(jar.header(shop), undefined)
})

t.test('a cookie of the same name, domain and path is replaced, and removed by an end that has passed', async (t) => {
  const jar = jarWith('a=1; Path=/', 'a=2; Path=/', 'a=3; Path=/basket')
  t.equal(jar.header(shop), 'a=3; a=2')
  jar.set('a=; Path=/; Max-Age=0', shop)
  t.equal(jar.header(shop), 'a=3')
  jar.clear()
  t.equal(jar.header(shop), undefined)
})

t.test('all that a cookie says can be looked at', async (t) => {
  t.same(jarWith('a=b=c; Path=/; Secure; HttpOnly; SameSite=Strict').all, [
    {
      name: 'a',
      value: 'b=c',
      domain: 'shop.example',
      hostOnly: true,
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'strict',
      expires: undefined
    }
  ])
  t.equal(jarWith('lonely').header(shop), 'lonely', 'a text without a name')
})
