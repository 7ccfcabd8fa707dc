/** Most browsers claim to be others as well, so the pickier name stands first. */
const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['Firefox/', 'Firefox'],
  ['FxiOS/', 'Firefox'],
  ['CriOS/', 'Chrome'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
  ['curl/', 'curl']
] as const

const SYSTEMS = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['CrOS', 'ChromeOS'],
  ['Mac OS X', 'macOS'],
  ['Linux', 'Linux']
] as const

/** "Chrome on Linux": enough to recognise one's own devices by. */
export function deviceOf(agent = ''): string {
  const browser = find(BROWSERS, agent) ?? 'A browser'
  const system = find(SYSTEMS, agent)
  return system === undefined ? browser : `${browser} on ${system}`
}

function find(names: readonly (readonly [mark: string, name: string])[], agent: string): string | undefined {
  return names.find(([mark]) => agent.includes(mark))?.[1]
}
