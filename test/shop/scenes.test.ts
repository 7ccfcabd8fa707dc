import { once } from 'node:events'
import { memoryStore } from 'fastify-sessions'
import t from 'tap'
import { BlindStore } from '../../examples/shop/scenes/blind-store.js'
import { addBoth } from '../../examples/shop/scenes/lost-update.js'
import type { Scene } from '../../examples/shop/scenes/scene.js'
import { sceneOf, scenes } from '../../examples/shop/scenes/scenes.js'
import { signOutMeanwhile } from '../../examples/shop/scenes/sign-out.js'
import { Stage } from '../../examples/shop/scenes/stage.js'
import type { Run, Step } from '../../examples/shop/scenes/step.js'
import { Theatre } from '../../examples/shop/scenes/theatre.js'

async function run(name: string): Promise<Run> {
  const runs = await new Theatre().run([sceneOf(name) as Scene])
  return runs?.[name] as Run
}

function texts(steps: readonly Step[]): readonly string[] {
  return steps.map(({ lane, text }) => `${lane}: ${text}`)
}

t.test('two requests add to a cart: a blind store loses one thing, and this library none', async (t) => {
  const { acts } = await run('lost-update')
  t.same(
    acts.map(({ outcome }) => outcome),
    [
      { isGood: false, text: 'Lost: Camping mug. In the cart: Stoneware teapot, Reading lamp.' },
      { isGood: true, text: 'Nothing is lost. In the cart: Stoneware teapot, Camping mug, Reading lamp.' }
    ]
  )
  t.same(texts(acts[0]?.steps ?? []), [
    'left: POST /cart/lamp',
    'left: cart: loaded, version 1',
    'left: waits for the warehouse',
    'right: POST /cart/mug',
    'right: cart: loaded, version 1',
    'right: cart: 1 change saved, version 2',
    'right: is answered: added',
    'left: writes over version 2, which it has never read',
    'left: cart: 1 change saved, version 3',
    'left: is answered: added'
  ])
  t.same(texts(acts[1]?.steps ?? []).slice(7), [
    'left: wants to write on version 1: no, it is version 2 by now',
    'left: reads again: version 2',
    'left: cart: 1 change replayed once on version 2',
    'left: is answered: added'
  ])
})

t.test(
  'a slow request meets a sign-out: a blind store brings the session back, and this library does not',
  async (t) => {
    const { acts } = await run('sign-out')
    t.same(
      acts.map(({ outcome }) => outcome),
      [
        { isGood: false, text: 'Signed in again: a copy of the old cookie opens the session of Demo User.' },
        { isGood: true, text: 'Signed out. A copy of the old cookie opens nothing.' }
      ]
    )
    t.ok(texts(acts[0]?.steps ?? []).includes('left: writes the record that had been removed: it is back'))
    t.ok(texts(acts[1]?.steps ?? []).includes('left: login: ended while this request ran: its changes are dropped'))
  }
)

t.test('a key rotation signs nobody out who comes while both keys are there', async (t) => {
  const { acts } = await run('key-rotation')
  t.same(acts[0]?.outcome, {
    isGood: true,
    text: 'Signed in all the while. Only a cookie that missed the change gives nobody (unknown-key).'
  })
  const told = texts(acts[0]?.steps ?? [])
  t.ok(told.includes('left: login: loaded, version 2, sealed with an older key'))
  t.ok(told.some((text) => text.startsWith('left: login: cookie renewed')))
  t.ok(told.includes('left: login: refused: the cookie was sealed with a key that is not in the ring'))
})

t.test('a deploy of schema version 2 and its roll-back lose nothing', async (t) => {
  const { acts } = await run('deploy')
  t.equal(acts[0]?.outcome.isGood, true)
  t.same(
    texts(acts[0]?.steps ?? []).filter((text) => text.includes('is answered')),
    [
      'left: is answered: welcome',
      'right: is answered: browser Firefox, system Linux',
      'right: is answered: browser Chrome, system Linux',
      'left: is answered: Chrome on Linux',
      'left: is answered: Firefox on Debian',
      'right: is answered: browser Firefox, system Debian'
    ]
  )
})

t.test('a record that was tampered with reaches no handler, and neither does a cookie', async (t) => {
  const { acts } = await run('tampering')
  t.equal(acts[0]?.outcome.isGood, true)
  const told = texts(acts[0]?.steps ?? [])
  t.ok(told.includes('left: cart: refused: what is stored does not fit the schema'))
  t.ok(told.includes('left: cart: refused: the seal of the cookie is broken'))
})

t.test('a session that is ended from another device ends what runs for it, and says why', async (t) => {
  const { acts } = await run('other-device')
  t.equal(acts[0]?.outcome.isGood, true)
  t.match(acts[0]?.outcome.text, 'It was revoked')
  const told = texts(acts[0]?.steps ?? [])
  t.ok(told.indexOf('right: login: revoked') < told.indexOf('left: is answered: the session has ended'))
  t.equal(told.at(-1), 'right: is answered: Demo User')
})

t.test('a message that comes while a slow page takes another one stays until it is seen', async (t) => {
  const { acts } = await run('two-tabs')
  t.equal(acts[0]?.outcome.isGood, true)
  t.same(
    texts(acts[0]?.steps ?? []).filter((text) => /answered: S|answered: no/.test(text)),
    [
      'right: is answered: Saved.',
      'left: is answered: Saved.',
      'right: is answered: Sent.',
      'right: is answered: no message'
    ]
  )
})

t.test('the outcome follows from what happened: on the other store, each scene ends the other way', async (t) => {
  for (const [play, store, isGood] of [
    [addBoth, memoryStore(), true],
    [addBoth, new BlindStore(memoryStore()), false],
    [signOutMeanwhile, memoryStore(), true],
    [signOutMeanwhile, new BlindStore(memoryStore()), false]
  ] as const) {
    const stage = new Stage()
    t.equal((await play(stage, store)).isGood, isGood)
    await stage.close()
  }
})

/** Browsers that lose their cookies before each request that is told but the first: nothing can go well. */
class ForgetfulStage extends Stage {
  #isFirst = true

  override request(...args: Parameters<Stage['request']>): ReturnType<Stage['request']> {
    if (!this.#isFirst) args[1].jar.clear()
    this.#isFirst = false
    return super.request(...args)
  }
}

t.test('no scene claims that all went well when it did not', async (t) => {
  for (const { name, acts } of scenes) {
    if (name === 'sign-out') continue
    const stage = new ForgetfulStage()
    const outcome = await acts.at(-1)?.play(stage)
    await stage.close()
    t.equal(outcome?.isGood, false, name)
  }
})

t.test('what is drawn is in the order and at the times at which it happened, from zero on', async (t) => {
  for (const { name } of scenes) {
    for (const { steps } of (await run(name)).acts) {
      const times = steps.map(({ at }) => at)
      t.equal(times[0], 0, name)
      t.same(
        times,
        [...times].sort((a, b) => a - b),
        name
      )
      t.ok(steps.some(({ by }) => by === 'library'))
    }
  }
})

t.test('two scenes that run at once tell nothing of one another', async (t) => {
  const [one, other] = await Promise.all([run('lost-update'), run('two-tabs')])
  t.notOk(JSON.stringify(one).includes('prefs'))
  t.notOk(JSON.stringify(other).includes('cart'))
})

t.test(
  'however many want to see a scene, two are played at once, some wait, and the rest are turned away',
  async (t) => {
    let running = 0
    let most = 0
    let played = 0
    const gate = new EventTarget()
    const opened = once(gate, 'open')
    const slow = {
      ...(scenes[0] as Scene),
      acts: [
        {
          given: '',
          play: async () => {
            most = Math.max(most, ++running)
            await opened
            running -= 1
            played += 1
            return { isGood: true, text: '' }
          }
        }
      ]
    }
    const theatre = new Theatre()
    const all = Array.from({ length: 1000 }, () => theatre.run([slow]))
    gate.dispatchEvent(new Event('open'))
    const answers = await Promise.all(all)
    t.equal(most, 2)
    t.equal(played, 22)
    t.equal(answers.filter((answer) => answer === undefined).length, 978)
    t.ok(await theatre.run([slow]), 'and then there is room again')
  }
)

t.test('a scene that fails leaves its place to others', async (t) => {
  const broken = { ...(scenes[0] as Scene), acts: [{ given: '', play: () => Promise.reject(new Error('broken')) }] }
  const theatre = new Theatre()
  for (let times = 0; times < 3; times += 1) await t.rejects(theatre.run([broken]), { message: 'broken' })
  t.ok(await theatre.run([sceneOf('tampering') as Scene]))
})

t.test('a scene that gets stuck is given up, and leaves its place to others', async (t) => {
  const stuck = { ...(scenes[0] as Scene), acts: [{ given: '', play: () => new Promise<never>(() => {}) }] }
  const theatre = new Theatre(10)
  for (let times = 0; times < 3; times += 1) {
    await t.rejects(theatre.run([stuck]), { message: 'The scene took too long.' })
  }
})
