import { test } from 'tap'
import { RandomPieces } from '../lib/util/random.js'

/** The pieces, in base64url, of each way to get them. */
const ways: Readonly<Record<string, (pieces: RandomPieces) => string>> = {
  'as text': (pieces) => pieces.next(),
  'written into memory': (pieces) => {
    const target = Buffer.alloc(13, 255)
    pieces.writeNext(target, 2)
    return target.every((byte, at) => byte === 255 || (at >= 2 && at < 11)) ? target.toString('base64url', 2, 11) : ''
  }
}

for (const [way, next] of Object.entries(ways)) {
  test(`pieces ${way} have their length and never come twice, also after the pool is filled anew`, async (t) => {
    const pieces = new RandomPieces(9)
    const texts = Array.from({ length: 3000 }, () => next(pieces))
    t.ok(texts.every((text) => text.length === 12))
    t.equal(new Set(texts).size, texts.length)
    const bytes = Buffer.from(texts.join(''), 'base64url')
    const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
    // Of 216,000 fair bits, six standard deviations are 1,394.
    t.ok(Math.abs(ones - 108_000) < 1394, `${ones} of 216,000 bits are set`)
  })
}
