import { access, constants, readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/**
 * Returns the path of a program. It is looked for in PATH, and then in these directories. A `*` in one of them stands
 * for any name, of which the one with the highest number is used.
 *
 * @throws Error that says which Debian package to install.
 */
export function findProgram(name: string, debianPackage: string, elsewhere: readonly string[]): Promise<string> {
  return findFirst([name], debianPackage, elsewhere)
}

/**
 * Does the same for several names, and returns the first program found. Within one directory, the order of the names
 * decides.
 * @throws Error that says which Debian package to install.
 */
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
