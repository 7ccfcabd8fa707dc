/** `node micro.js`: µs of the two things that every session pays for: the seal and the schema. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { codecFor } from '../../dist/lib/schema/codecs.js'
import * as aead from '../../dist/lib/seal/aead.js'
import { KeyRing } from '../../dist/lib/seal/keys.js'
import { Sealer } from '../../dist/lib/seal/sealer.js'
import { cart } from '../cart.js'
import { schema } from '../contestants/fastify.js'
import { median } from '../load.js'

await aead.ready()
const sealer = new Sealer(new KeyRing([randomBytes(32)]), 'bench', 'encrypt')
const text = JSON.stringify({ c: Date.now(), e: Date.now() + 3_600_000, p: cart })
const ticket = JSON.stringify([randomBytes(24).toString('base64url'), Date.now(), Date.now()])
const [sealedText, sealedTicket] = [sealer.seal(text), sealer.seal(ticket)]
const checked = codecFor('bench', schema)
const unchecked = codecFor('bench', z.looseObject({}))
const work = {
  sealCart: () => sealer.seal(text),
  openCart: () => sealer.open(sealedText).text.length,
  sealTicket: () => sealer.seal(ticket),
  openTicket: () => sealer.open(sealedTicket).text.length,
  parse: () => JSON.parse(text),
  // A fresh value each time, as it comes from a cookie.
  parseAndDecode: () => checked.decode(JSON.parse(text).p).value,
  parseAndPass: () => unchecked.decode(JSON.parse(text).p).value
}

const times = Object.fromEntries(Object.keys(work).map((name) => [name, []]))
let sink = 0
for (let round = 0; round < 40; round++) {
  for (const [name, run] of Object.entries(work)) {
    const start = process.hrtime.bigint()
    for (let at = 0; at < 5000; at++) if (run()) sink++
    const us = Number(process.hrtime.bigint() - start) / 5e6
    if (round >= 10) times[name].push(us)
  }
}
if (sink === 0) throw new Error('nothing was done')
const us = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
const check = median(times.parseAndDecode.map((time, at) => time - times.parse[at]))
process.stdout.write(JSON.stringify({ ...us, check, cartBytes: text.length, cookieBytes: sealedText.length }))
