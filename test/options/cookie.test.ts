import t from 'tap'
import { allowsHostPrefix, changeFault, checkCookie, isToken, refuseSharedCookies } from '../../lib/options/cookie.js'
import type { CookieOptions } from '../../types/session.js'
import { refusal } from './refusal.js'

const check = (options: object, name = 'sid') => refusal(() => checkCookie('cart', name, options as CookieOptions))
const refused = (reason: string) => `session "cart": cookie: ${reason}`

t.test('a name of a cookie is a token', async (t) => {
  for (const name of ['sid', 'A9_', "!#$%&'*+.^`|~-", '__Host-cart']) {
    t.equal(isToken(name), true, name)
    t.equal(check({}, name), undefined, name)
  }
  for (const name of ['', 'a b', ' a', 'a ', 'a=b', 'a;', '"a"', 'a,b', 'ä', 'a\n', '\na', 'a/b']) {
    t.equal(isToken(name), false, name)
    t.equal(check({}, name), refused(`name: "${name}" is not an RFC 6265 token`))
  }
})

t.test('a name with the prefix __Host- or __Secure- is refused where browsers would not keep the cookie', async (t) => {
  const host = (name: string) =>
    refused(`name: "${name}" needs secure: true, path: "/" and no domain (RFC 6265bis §4.1.3.2)`)
  for (const name of ['__Host-a', '__host-a', '__HOST-a']) {
    t.equal(check({ secure: true, path: '/' }, name), undefined)
    for (const options of [{ secure: false }, { secure: 'auto' }, { path: '/a' }, { domain: 'a.org' }]) {
      t.equal(allowsHostPrefix(options as CookieOptions), false)
      t.equal(check(options, name), host(name))
    }
  }
  t.equal(allowsHostPrefix({}), true)
  for (const name of ['__Secure-a', '__secure-a', '__SECURE-a']) {
    t.equal(check({ path: '/a', domain: 'a.org' }, name), undefined)
    for (const secure of [false, 'auto'])
      t.equal(check({ secure }, name), refused(`name: "${name}" needs secure: true (RFC 6265bis §4.1.3.1)`))
  }
  for (const name of ['a__Host-', 'a__Secure-', '__Host', '__Secure'])
    t.equal(check({ secure: false }, name), undefined)
})

t.test('attributes that browsers understand are let in', async (t) => {
  const tables: Readonly<Record<string, readonly unknown[]>> = {
    path: [undefined, '/', '/shop', '/a/b%20c', '/ä'],
    domain: [undefined, 'localhost', 'a.org', '.a.org', 'A-1.b.c2.org', 'xn--4ca.org'],
    secure: [undefined, true, false, 'auto'],
    sameSite: [undefined, 'lax', 'strict', 'none'],
    httpOnly: [undefined, true, false],
    partitioned: [undefined, true, false],
    priority: [undefined, 'low', 'medium', 'high'],
    maxAge: [undefined, 1, 34_560_000]
  }
  for (const [attribute, values] of Object.entries(tables)) {
    for (const value of values) t.equal(check({ [attribute]: value }), undefined, `${attribute}: ${value}`)
  }
  t.equal(check({ sameSite: 'lax', secure: false }), undefined)
  t.equal(check({ sameSite: 'none', secure: 'auto', partitioned: true }), undefined)
  t.equal(check({ partitioned: false, secure: false }), undefined)
})

t.test('attributes that browsers do not understand, or would drop the cookie for, are refused', async (t) => {
  const tables: readonly (readonly [object, string])[] = [
    ...['', 'shop', 'a/b', '/;x', '/a;b', '/a\nb', '/\u007f', '\n/'].map(
      (path) => [{ path }, `path: expected "/" or a path below it without ";", got "${path}"`] as const
    ),
    ...['', '.', 'a b', '..a.org', 'a..org', 'a.org.', 'a_b.org', 'https://a.org', 'a.org/b', 'a.org b'].map(
      (domain) => [{ domain }, `domain: "${domain}" is not a host name`] as const
    ),
    ...['true', 1, '', 'Auto', null].map(
      (secure) => [{ secure }, `secure: expected true, false or "auto", got "${secure}"`] as const
    ),
    ...[true, 'Lax', '', null].map(
      (sameSite) =>
        [{ sameSite }, `sameSite: expected "lax", "strict" or "none", got ${JSON.stringify(sameSite)}`] as const
    ),
    ...[true, 'Low', '', null].map(
      (priority) =>
        [{ priority }, `priority: expected "low", "medium" or "high", got ${JSON.stringify(priority)}`] as const
    ),
    [{ httpOnly: 'yes' }, 'httpOnly: expected true or false, got string'],
    [{ partitioned: 1 }, 'partitioned: expected true or false, got number'],
    [{ sameSite: 'none', secure: false }, 'sameSite: "none" needs secure: browsers drop the cookie otherwise'],
    [{ partitioned: true, secure: false }, 'partitioned needs secure: browsers drop the cookie otherwise'],
    [{ maxAge: 0 }, 'maxAge: expected whole seconds from 1 to 34560000 (400 days, RFC 6265bis §5.5), got 0'],
    [{ maxAge: 1.5 }, 'maxAge: expected whole seconds from 1 to 34560000 (400 days, RFC 6265bis §5.5), got 1.5'],
    [
      { maxAge: 34_560_001 },
      'maxAge: expected whole seconds from 1 to 34560000 (400 days, RFC 6265bis §5.5), got 34560001: seconds, not milliseconds? Then write 34560'
    ]
  ]
  for (const [options, reason] of tables) t.equal(check(options), refused(reason))
})

t.test('a handler can change the attributes of a cookie, but neither its age nor its name', async (t) => {
  const known = ['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'partitioned', 'priority']
  for (const attribute of known) t.equal(changeFault({ [attribute]: undefined }), undefined, attribute)
  t.equal(changeFault({}), undefined)
  t.equal(changeFault({ maxAge: 1 }), 'maxAge can not be changed for one response: call persist(seconds)')
  t.equal(changeFault({ name: 'a' }), 'the name can not be changed: it stands in the definition, cookie: { name }')
  t.equal(changeFault({ Path: '/' }), `there is no option "Path"; there are ${known.join(', ')}`)
  for (const [options, got] of [
    ['path', 'string'],
    [undefined, 'undefined'],
    [null, 'object'],
    [['path'], 'object']
  ] as const) {
    t.equal(changeFault(options), `expected an object of attributes, got ${got}`)
  }
})

t.test('two sessions with the same cookie are refused, with both names', async (t) => {
  const owner = (name: string, ...names: string[]) => ({ name, cookie: { names } })
  const share = (...owners: ReturnType<typeof owner>[]) => refusal(() => refuseSharedCookies(owners))
  t.equal(share(), undefined)
  t.equal(share(owner('a', 'x', 'x.1'), owner('b', 'y', 'y.1')), undefined)
  t.equal(
    share(owner('a', 'x', 'x.1'), owner('b', 'y'), owner('c', 'z', 'x.1')),
    'sessions "a" and "c" share the cookie "x.1"'
  )
})
