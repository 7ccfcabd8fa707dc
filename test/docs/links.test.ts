import { access, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { anchorsOf, pathsIn, proseOf, readPages, root } from './pages.js'

const pages = await readPages()
const pageAt = new Map(pages.map((page) => [page.path, page]))

interface Link {
  readonly from: string
  /** From the repository's root; empty for the page itself. */
  readonly to: string
  readonly anchor: string | undefined
}

const links = pages.flatMap((page): readonly Link[] =>
  [...proseOf(page).matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, target = '', anchor]) => ({
    from: page.path,
    to: target === '' ? page.path : normalize(join(dirname(page.path), target)),
    anchor
  }))
)

t.test('every link between pages leads to a file that is there', async (t) => {
  t.ok(links.length > 100)
  for (const { from, to } of links) await t.resolves(access(join(root, to)), `${from} links to ${to}`)
})

t.test('every link to a part of a page leads to a heading', async (t) => {
  for (const { from, to, anchor } of links) {
    const page = pageAt.get(to)
    if (anchor !== undefined && page) t.ok(anchorsOf(page).has(anchor), `${from} links to ${to}#${anchor}`)
  }
})

t.test('every page of the manual can be reached from the README', async (t) => {
  const reached = new Set(['README.md'])
  for (const path of reached) for (const { from, to } of links) if (from === path) reached.add(to)
  for (const { path } of pages) t.ok(reached.has(path), path)
})

t.test('every code of an error or warning has its paragraph', async (t) => {
  const codes = new Set<string>()
  for (const path of await pathsIn('lib', /\.ts$/)) {
    const text = await readFile(join(root, path), 'utf8')
    for (const [, code] of text.matchAll(/'(FST_SESSIONS_[A-Z_]*[A-Z])'/g)) codes.add(code as string)
  }
  t.ok(codes.size > 15)
  const headings = anchorsOf(pageAt.get('docs/errors.md') ?? { path: '', text: '' })
  for (const code of codes) t.ok(headings.has(code.toLowerCase()), code)
})
