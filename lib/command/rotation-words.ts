import { colored, columns, counted, moment } from './output.js'
import type { KeyOfApp, KeyOfStore, Rotation, SessionUse, StoreKeys, Verdict } from './rotation.js'

/** What a person is told. */
export function lines(rotation: Rotation): readonly string[] {
  return [...ofApp(rotation), ...rotation.stores.flatMap((store) => ['', ...ofStore(store)])]
}

function ofApp({ keys, sessions, since, verdict }: Rotation): readonly string[] {
  const shown = indented(keys.map((key) => ofKey(key, since, verdict)))
  if (verdict === undefined) return [heading('Keys of the app'), ...shown, '  there is no older key']
  const reason = verdict.is === 'not known' ? [`  ${colored(process.stdout, 'dim', verdict.reason)}`] : []
  return [heading('Keys of the app'), ...shown, ...reason, '', ...ofSessions(sessions, since !== undefined)]
}

function ofKey({ key, is, replaced }: KeyOfApp, since: Date | undefined, verdict: Verdict | undefined) {
  const note = replaced === 0 ? '' : `${counted(replaced)} replaced ${replaced === 1 ? 'id' : 'ids'}`
  const seals = since === undefined ? '' : `since ${moment(since)}`
  return [key, is, is === 'seals' ? seals : said(verdict), is === 'older' ? note : '']
}

function ofSessions(sessions: readonly SessionUse[], isDated: boolean): readonly string[] {
  const head = dimmed(['session', 'store', 'live', ...(isDated ? ['unused since', 'good until'] : [])])
  const rows = sessions.map(({ session, store, live, unused, ends }) => {
    const dated = [number(unused), ends === undefined ? '' : moment(ends)]
    return [session, store, number(live), ...(isDated ? dated : [])]
  })
  return indented([head, ...rows], [2, 3])
}

function ofStore({ store, keys, unsealed, isCounted }: StoreKeys): readonly string[] {
  const rows = keys.map((key) => [key.key, key.is, isCounted ? counted(key.records) : '?', verdictOn(key)])
  const others =
    unsealed > 0 ? [['none', 'not sealed', counted(unsealed), bad('it was put around a store in use')]] : []
  const head = dimmed(['key', '', 'records'])
  return [heading(`Keys of the store ${store}`), ...indented([head, ...rows, ...others], [2])]
}

function verdictOn({ is, verdict }: KeyOfStore): string {
  return is === 'missing' ? bad('not among its keys: put it back') : said(verdict)
}

function said(verdict: Verdict | undefined): string {
  if (verdict === undefined) return ''
  if (verdict.is === 'keep') return colored(process.stdout, 'yellow', `keep until ${moment(verdict.until)}`)
  return verdict.is === 'not known' ? verdict.is : colored(process.stdout, 'green', verdict.is)
}

function indented(rows: readonly (readonly string[])[], right?: readonly number[]): readonly string[] {
  return columns(rows, right).map((row) => `  ${row}`)
}

function dimmed(names: readonly string[]): readonly string[] {
  return names.map((name) => colored(process.stdout, 'dim', name))
}

function heading(text: string): string {
  return colored(process.stdout, 'bold', text)
}

function bad(text: string): string {
  return colored(process.stdout, 'red', text)
}

function number(value: number | undefined): string {
  return value === undefined ? '?' : counted(value)
}
