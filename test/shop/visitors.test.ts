import t from 'tap'
import { Visitors } from '../../examples/shop/live/visitors.js'
import { Shop } from './open-shop.js'

t.test('of the browsers whose requests are remembered, the one that was longest away is forgotten', async (t) => {
  const shop = await Shop.open(t)
  const visitors = new Visitors(shop.app.sessions, '/behind-the-scenes')
  t.teardown(() => visitors.close())
  const first = visitors.of('visitor 0')
  const second = visitors.of('visitor 1')
  const streams = [first.listen(), second.listen()]
  for (let index = 2; index < 200; index += 1) visitors.of(`visitor ${index}`)
  t.equal(visitors.of('visitor 0'), first, 'two hundred are remembered')
  visitors.of('one more')
  t.not(visitors.of('visitor 1'), second)
  t.same(
    streams.map((stream) => stream?.writableEnded),
    [false, true],
    'and its page is told to come back'
  )
})

t.test('a browser may have four pages live, and no more', async (t) => {
  const shop = await Shop.open(t)
  const visitors = new Visitors(shop.app.sessions, '/behind-the-scenes')
  t.teardown(() => visitors.close())
  const visitor = visitors.of('visitor')
  const streams = [1, 2, 3, 4].map(() => visitor.listen())
  t.ok(streams.every((stream) => stream !== undefined))
  t.equal(visitor.listen(), undefined)
  await new Promise((resolve) => streams[0]?.destroy().once('close', resolve))
  t.ok(visitor.listen(), 'until one is closed')
})
