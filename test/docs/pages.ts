import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../../..')

/** A page of the manual. */
export interface Page {
  /** The path from the repository's root, such as `docs/stores/redis.md`. */
  readonly path: string
  readonly text: string
}

/**
 * Returns the files of a folder whose names match, as paths from the repository's root, without generated and installed
 * ones.
 */
export async function pathsIn(folder: string, names: RegExp): Promise<readonly string[]> {
  const paths = await readdir(join(root, folder), { recursive: true })
  return paths
    .map((path) => join(folder, path))
    .filter((path) => names.test(path) && !/node_modules|^docs\/(api|\.vitepress)\//.test(path))
    .sort()
}

/** Reads README.md, CHANGELOG.md, CONTRIBUTING.md and every page of docs/. */
export async function readPages(): Promise<readonly Page[]> {
  const paths = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...(await pathsIn('docs', /\.md$/))]
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })))
}

/** Whether a page's examples need the engine of a store, and the types of its driver. */
export function isOfEngine(path: string): boolean {
  return path.startsWith('docs/stores/') && path !== 'docs/stores/own.md'
}

/** Whether the page is about moving from another plugin: most of its examples are apps before and after the move. */
export function isOfMove(path: string): boolean {
  return path.startsWith('docs/moving')
}

/** Returns the texts of a page's fenced blocks in these languages. */
export function blocksOf(page: Page, languages: readonly string[]): readonly string[] {
  const fences = page.text.matchAll(/^```(\w*).*\n([\s\S]*?)^```$/gm)
  return [...fences]
    .filter(([, language]) => languages.includes(language as string))
    .map(([, , text]) => text as string)
}

/**
 * Returns a page without fenced blocks and without brackets in inline code, in which nothing is a link or a heading.
 */
export function proseOf({ text }: Page): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''))
}

/** Returns the anchors of a page's headings, as GitHub and the site generate them. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of page.text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  return anchors
}
