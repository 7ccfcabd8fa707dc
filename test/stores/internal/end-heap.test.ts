import { test } from 'tap'
import { EndHeap } from '../../../lib/stores/internal/end-heap.js'

test('whatever is added, moved and removed, what ends first is on top', async (t) => {
  const heap = new EndHeap<{ expires: number; place: number }>()
  const inside: { expires: number; place: number }[] = []
  const random = numbers(42)
  for (let step = 0; step < 5000; step++) {
    const item = inside[random() % (inside.length || 1)]
    const action = item ? random() % 5 : 0
    if (action < 3 || !item) {
      const added = { expires: random() % 1000, place: -1 }
      inside.push(added)
      heap.add(added)
    } else if (action === 3) {
      item.expires = random() % 1000
      heap.moved(item)
    } else {
      inside.splice(inside.indexOf(item), 1)
      heap.remove(item)
    }
    const earliest = Math.min(...inside.map(({ expires }) => expires))
    if (heap.first?.expires !== earliest && inside.length > 0)
      t.fail(`step ${step}: ${heap.first?.expires}, not ${earliest}`)
  }
  const drained: number[] = []
  for (let first = heap.first; first; first = heap.first) {
    drained.push(first.expires)
    heap.remove(first)
  }
  t.same(
    drained,
    inside.map(({ expires }) => expires).sort((a, b) => a - b)
  )
})

test('an empty heap has nothing on top', async (t) => {
  const heap = new EndHeap()
  t.equal(heap.first, undefined)
  const item = { expires: 1, place: -1 }
  heap.add(item)
  heap.remove(item)
  t.equal(heap.first, undefined)
})

/** The same numbers at every run, so that a failure can be met again. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 8
  }
}
