import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'

interface Running {
  readonly name: string
  readonly url: string
  readonly child: ChildProcess
}

/** Starts a version of the app as a process of its own. */
async function start(t: Test, name: string, directory: string): Promise<Running> {
  const child = fork(join(import.meta.dirname, 'rollout/process.js'), [name, directory])
  const exited = once(child, 'exit')
  t.teardown(async () => {
    if (child.connected) child.disconnect()
    await exited
  })
  const [{ port }] = (await once(child, 'message')) as [AddressInfo]
  return { name, url: `http://127.0.0.1:${port}`, child }
}

async function stop({ child }: Running): Promise<void> {
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
}

/** One browser; whichever process its request reaches, it has the cookies of all. */
class Browser {
  readonly #jar = new Map<string, string>()
  readonly #t: Test

  constructor(t: Test) {
    this.#t = t
  }

  get cookies(): string {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async get(at: Running, path: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(at.url + path, { headers: { cookie: this.cookies } })
    const set = response.headers.getSetCookie()
    for (const cookie of set) this.#keep(cookie)
    const text = await response.text()
    const replaced = set.length === 0 ? '' : `, ${set.length} cookies set`
    this.#t.comment(`${at.name.padEnd(14)} GET ${path.padEnd(10)} ${response.status} ${text}${replaced}`)
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  #keep(cookie: string): void {
    const [pair = ''] = cookie.split(';')
    const name = pair.slice(0, pair.indexOf('='))
    if (/max-age=0/i.test(cookie)) this.#jar.delete(name)
    else this.#jar.set(name, pair.slice(name.length + 1))
  }
}

const both = (value: unknown) => [value, value]

t.test('a roll-out and a roll-back with a way down: nobody is signed out, nothing is lost', async (t) => {
  const directory = t.testdir({ sessions: {} })
  const browser = new Browser(t)
  const old = await start(t, 'version1', directory)
  let visits = 0
  const visit = async (at: Running) => {
    t.equal((await browser.get(at, '/visit')).status, 200)
    visits++
  }
  const check = async (at: Running) => {
    const name = at.name === 'version1' ? { name: 'Ada Lovelace' } : { first: 'Ada', last: 'Lovelace' }
    t.same((await browser.get(at, '/')).body, both({ ...name, visits }))
  }
  await browser.get(old, '/sign-in')
  await visit(old)

  t.comment('the new version comes up beside the old one')
  const next = await start(t, 'version2-down', directory)
  for (const at of [next, old, old, next, next, old]) {
    await check(at)
    await visit(at)
    await check(at)
  }
  await browser.get(next, '/note')
  await browser.get(old, '/note')
  t.same((await browser.get(old, '/notes')).body, both(['from version2-down', 'from version1']))

  t.comment('the old one goes: rolled out')
  await stop(old)
  await check(next)
  await visit(next)

  t.comment('the new one is rolled back')
  const again = await start(t, 'version1', directory)
  for (const at of [again, next, again]) {
    await visit(at)
    await check(at)
  }
  await stop(next)
  await visit(again)
  await check(again)

  t.comment('and is rolled out again')
  const last = await start(t, 'version2-down', directory)
  await check(last)
  await visit(last)
  await check(last)
  await check(again)
  await browser.get(again, '/sign-out')
  t.equal(browser.cookies, '')
})

t.test('without a way down an older process shows an empty session, changes nothing, and can sign out', async (t) => {
  const directory = t.testdir({ sessions: {} })
  const browser = new Browser(t)
  const old = await start(t, 'version1', directory)
  await browser.get(old, '/sign-in')
  await browser.get(old, '/visit')
  const next = await start(t, 'version2', directory)
  const ada = { first: 'Ada', last: 'Lovelace' }
  t.same((await browser.get(next, '/')).body, both({ ...ada, visits: 1 }))
  t.same((await browser.get(old, '/')).body, both({ name: 'Ada Lovelace', visits: 1 }), 'not written to yet')
  t.equal((await browser.get(next, '/visit')).status, 200)

  const { cookies } = browser
  for (const path of ['/visit', '/note', '/sign-in']) t.equal((await browser.get(old, path)).status, 503)
  t.same((await browser.get(old, '/')).body, both({ problem: 'newer' }))
  t.equal(browser.cookies, cookies, 'the browser keeps what it has')
  t.same((await browser.get(next, '/')).body, both({ ...ada, visits: 2 }), 'and so does the store')
  t.equal((await browser.get(next, '/visit')).status, 200)

  t.equal((await browser.get(old, '/sign-out')).status, 200)
  t.equal(browser.cookies, '')
  const copy = await fetch(`${next.url}/`, { headers: { cookie: cookies } })
  t.hasStrict(((await copy.json()) as unknown[])[0], { problem: 'gone' }, 'signed out everywhere, on the record store')
})
