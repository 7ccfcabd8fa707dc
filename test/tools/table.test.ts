import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { cases, nameOf } from './run.js'

t.test('the manual tells of each tool what npm run test:tools does with it, and of no other', async (t) => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/tools.md'), 'utf8')
  const rows = [...page.matchAll(/^\| ([^|]+) \| \d[^|]* \| ([^|]+?)(?:, on Node [\d.]+)? \| yes \|$/gm)]
  t.same(
    rows.map(([, tool, what]) => `${tool}: ${what}`),
    cases.map((one) => `${nameOf(one)}: ${one.what}`)
  )
})
