import t from 'tap'
import { COOKIE, DEFINITION, PLUGIN, SHARED } from '../../lib/options/names.js'
import { type Page, readPages } from './pages.js'

const pages = await readPages()

t.test('the table of the plugin has every option that is taken, and no other', async (t) => {
  // Defaults of a session stand in one row.
  t.same(namesUnder('docs/options.md', 'Of the plugin'), sorted([...PLUGIN, ...SHARED]))
})

t.test('the table of a session has every option that is taken, and no other', async (t) => {
  t.same(namesUnder('docs/options.md', 'Of a session'), sorted([...DEFINITION, ...SHARED]))
})

t.test('the table of cookies has every attribute that is taken, and no other', async (t) => {
  t.same(namesUnder('docs/cookies.md', 'Cookies'), sorted(['name', ...COOKIE]))
})

/** The names in the first column of the table under a heading. */
function namesUnder(path: string, heading: string): readonly string[] {
  const page = pages.find((page) => page.path === path) as Page
  const part = page.text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const cells = [...part.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell = '']) => cell)
  return sorted(cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)))
}

function sorted(names: readonly string[]): readonly string[] {
  return [...names].sort()
}
