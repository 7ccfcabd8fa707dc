import { randomBytes } from 'node:crypto'
import { test } from 'tap'
import { Ring } from '../../../lib/stores/memcached/ring.js'

const keys = Array.from({ length: 20_000 }, () => `session:${randomBytes(32).toString('base64url')}`)

test('every server gets its share of the keys', async (t) => {
  const names = ['10.0.0.1:11211', '10.0.0.2:11211', '10.0.0.3:11211', '10.0.0.4:11211', '10.0.0.5:11211']
  const ring = ringOf(names)
  const counts = names.map((name) => keys.filter((key) => ring.serverOf(key) === name).length)
  t.comment(`of ${keys.length} keys: ${counts.join(', ')}`)
  const even = keys.length / names.length
  t.ok(counts.every((count) => count > even / 2 && count < even * 1.5))
})

test('the order in which servers are listed does not matter', async (t) => {
  const names = ['a:1', 'b:1', 'c:1']
  const [one, other] = [ringOf(names), ringOf(names.toReversed())]
  t.ok(keys.every((key) => one.serverOf(key) === other.serverOf(key)))
})

test('a server that goes moves its own keys and no others', async (t) => {
  const [all, fewer] = [ringOf(['a:1', 'b:1', 'c:1', 'd:1']), ringOf(['a:1', 'b:1', 'd:1'])]
  const stay = keys.filter((key) => all.serverOf(key) !== 'c:1')
  t.ok(stay.length < keys.length)
  t.ok(stay.every((key) => all.serverOf(key) === fewer.serverOf(key)))
})

test('one server has all keys', async (t) => {
  const ring = ringOf(['a:1'])
  t.ok(keys.every((key) => ring.serverOf(key) === 'a:1'))
})

function ringOf(names: readonly string[]): Ring<string> {
  return new Ring(new Map(names.map((name) => [name, name])))
}
