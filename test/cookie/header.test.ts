import t from 'tap'
import { CookieHeader, find } from '../../lib/cookie/header.js'

const valueIn = (text: string, name: string) => find(text, `${name}=`, 0)?.value

t.test('a cookie is found where a pair begins with its name', async (t) => {
  t.equal(valueIn('a=1; b=2', 'a'), '1')
  t.equal(valueIn('a=1; b=2', 'b'), '2')
  t.equal(valueIn('a=1;b=2', 'b'), '2')
  t.equal(valueIn('xa=1; a=2', 'a'), '2', 'the end of a longer name is no name')
  t.equal(valueIn('xa=1', 'a'), undefined)
  t.equal(valueIn('b=a=1; a=2', 'a'), '2', 'nor is a part of a value')
  t.equal(valueIn('x a=1; a=2', 'a'), '2')
  t.equal(valueIn('b=1', 'a'), undefined)
  t.equal(valueIn('', 'a'), undefined)
})

t.test('blanks around a pair do not belong to it', async (t) => {
  t.equal(valueIn(' a=1', 'a'), '1')
  t.equal(valueIn('\ta=1', 'a'), '1')
  t.equal(valueIn('b=2; \t a=1', 'a'), '1')
  t.equal(valueIn('a=1 ;b=2', 'a'), '1')
  t.equal(valueIn('a=1 \t', 'a'), '1')
  t.equal(valueIn('a= ;b=2', 'a'), '')
})

t.test('whatever was found before, the first cookie of a name is found', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'none']
  const texts = [
    'a=1; b=2; c=3; d=4',
    'a=1;b=2;c=3;d=4',
    'x=0; a=1; x=0; b=2; x=0; c=3; x=0; d=4; x=0',
    'a=1; b=2; a=3; c=4; b=5; d=6; a=7',
    'd=4; c=3; b=2; a=1',
    'long=0123456789; d=; c=3; x=y; b=b=1; a=a=a'
  ]
  for (const text of texts) {
    for (const order of permutations(names)) {
      const header = new CookieHeader(text)
      const found = order.map((name) => header.find(`${name}=`)?.value)
      const expected = order.map((name) => valueIn(text, name))
      t.same(found, expected, `${order} in ${text}`)
      t.same(
        order.map((name) => header.find(`${name}=`)?.value),
        expected,
        'and once more'
      )
    }
  }
})

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}
