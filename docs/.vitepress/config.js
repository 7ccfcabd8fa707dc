import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A page's entry in the side bar, by its first heading. */
function entry(path) {
  const [, heading] = /^# (.*)$/m.exec(readFileSync(`${root}${path}.md`, 'utf8')) ?? []
  return { text: heading.replaceAll('`', ''), link: `/${path.replace(/README$/, '')}` }
}

function group(text, pages, collapsed) {
  return { text, items: pages.map((page) => entry(page)), ...(collapsed === undefined ? {} : { collapsed }) }
}

/** Pages of a folder by their names, but for its index. */
function pagesIn(folder) {
  return readdirSync(`${root}${folder}`, { recursive: true })
    .filter((file) => file.endsWith('.md') && !file.endsWith('index.md'))
    .map((file) => `${folder}/${file.slice(0, -3)}`)
    .sort()
}

const engines = pagesIn('docs/stores').filter((page) => !page.endsWith('/own'))
const api = pagesIn('docs/api').map((page) => {
  const { text, link } = entry(page)
  return { text: text.replace(/^fastify-sessions\/(stores\/)?/, ''), link }
})

/** Anchors as GitHub makes them, so that one link serves both. */
function slugify(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

/** The README of a folder is the page of that folder here. */
function readmesToIndexes(md) {
  md.core.ruler.push('readmes', ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null
      if (href !== null) token.attrSet('href', href.replace(/(^|\/)README\.md(?=#|$)/, '$1index.md'))
    }
  })
}

/** Pages above this folder find no node_modules of the site on their way up. */
const vueForPagesAbove = {
  name: 'vue-for-pages-above',
  enforce: 'pre',
  resolveId(id) {
    const isVue = id === 'vue' || id.startsWith('vue/')
    return isVue ? this.resolve(id, fileURLToPath(import.meta.url), { skipSelf: true }) : undefined
  }
}

export default defineConfig({
  title: 'fastify-sessions',
  description: 'Named, schema-typed sessions for Fastify 5',
  lang: 'en',
  // Pages stay where they are read without the site too: in the repository, from its root on.
  srcDir: root,
  srcExclude: [
    '**/node_modules/**',
    'dist/**',
    'coverage/**',
    'examples/**',
    'lib/**',
    'test/!(mutants)/**',
    '.*/**',
    'bench/results/**'
  ],
  rewrites: {
    'README.md': 'index.md',
    'bench/README.md': 'bench/index.md',
    'test/mutants/README.md': 'test/mutants/index.md'
  },
  outDir: 'site',
  cacheDir: '.vitepress/cache',
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    anchor: { slugify },
    config: readmesToIndexes,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark' }
  },
  vite: { plugins: [vueForPagesAbove] },
  themeConfig: {
    // Who looks for an option wants to read of it first, and then to see its type.
    search: {
      provider: 'local',
      options: { miniSearch: { searchOptions: { boostDocument: (id) => (id.includes('/api/') ? 0.05 : 1) } } }
    },
    outline: [2, 3],
    nav: [
      { text: 'Manual', link: '/docs/handlers' },
      { text: 'Stores', link: '/docs/stores' },
      { text: 'API', link: '/docs/api/fastify-sessions' },
      { text: 'Benchmark', link: '/bench/' }
    ],
    sidebar: [
      { text: 'Introduction', link: '/' },
      group(
        'Sessions',
        [
          'handlers',
          'options',
          'schemas',
          'flashes',
          'cookies',
          'routes',
          'app',
          'recipes',
          'testing',
          'inspector',
          'neighbours',
          'tools'
        ].map(inDocs)
      ),
      group('Stores', ['docs/stores', ...engines, 'docs/stores/own']),
      group(
        'In production',
        ['migrations', 'deploys', 'events', 'command-line', 'errors', 'security', 'costs'].map(inDocs)
      ),
      group('Coming from elsewhere', ['docs/coming-from', 'docs/moving', ...pagesIn('docs/moving')]),
      { text: 'API', collapsed: true, items: api },
      group('Project', ['CONTRIBUTING', 'test/mutants/README', 'CHANGELOG'])
    ]
  }
})

function inDocs(page) {
  return `docs/${page}`
}
