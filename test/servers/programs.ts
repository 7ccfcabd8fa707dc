import { access, constants, readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/**
 * The path of a program, looked for in PATH and then in these directories; a `*` in one stands for any name, of which
 * the highest number is taken.
 *
 * @throws Error that says which of Debian's packages to install.
 */
export function findProgram(name: string, debianPackage: string, elsewhere: readonly string[]): Promise<string> {
  return findFirst([name], debianPackage, elsewhere)
}

/** The same for whichever of these comes first; in one directory, in their order. */
export async function findFirst(
  names: readonly string[],
  debianPackage: string,
  elsewhere: readonly string[]
): Promise<string> {
  const inPath = (process.env['PATH'] ?? '').split(delimiter)
  const directories = [...inPath, ...(await Promise.all(elsewhere.map(expand))).flat()]
  for (const path of directories.flatMap((directory) => names.map((name) => join(directory, name)))) {
    if (await isExecutable(path)) return path
  }
  throw new Error(`can't find ${names.join(' or ')}: install Debian's package "${debianPackage}"`)
}

async function expand(directory: string): Promise<readonly string[]> {
  const [before, after = ''] = directory.split('*')
  if (!directory.includes('*') || !before) return [directory]
  const names = await readdir(before).catch(() => [])
  const newestFirst = names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  return newestFirst.map((name) => before + name + after)
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false
  )
}
