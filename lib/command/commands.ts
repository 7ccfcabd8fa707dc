import type { HistoryEntry } from '../../types/history.js'
import type { PageWanted, StoredSession } from '../../types/register.js'
import { ConfigError } from '../errors.js'
import { sentence } from '../history/words.js'
import type { Opened } from './app.js'
import { inspect } from './inspect.js'
import { migrate } from './migrate.js'
import { colored, columns, counted, fit, moment, type Output, printable, table } from './output.js'
import { rotateCheck } from './rotate-check.js'
import { type Counts, count, show, sweep } from './stored.js'
import { again, EXIT, type Told, UsageError } from './usage.js'

/** What a command that needs the app does; gives the code to end with. */
type Run = (opened: Opened, told: Told, output: Output, signal: AbortSignal) => Promise<number>

export const RUNS: Readonly<Record<string, Run>> = {
  async inspect(opened, { subject, values }, output) {
    const text = subject === '-' ? await standardInput() : (subject as string)
    const cookies = await inspect(opened, text, values.values === true)
    if (cookies.length === 0) return nothing(output, 'there is no cookie of a session in that header')
    output.result(cookies, () => blocks(cookies))
    return cookies.some((cookie) => 'problem' in cookie) ? EXIT.nothing : EXIT.done
  },

  async show(opened, { subject, values }, output) {
    const found = await show(opened, subject as string, values.values === true)
    if (found.length === 0) return nothing(output, 'no store has a record of that id: why tells how it ended')
    output.result(found, () => blocks(found))
    return EXIT.done
  },

  async list({ app }, { values }, output) {
    const page = await app.sessions.list(pageWanted(values)).catch(refuseWanted)
    output.result(page, ({ sessions }) => columns([...headOf(sessions), ...sessions.map(row)]))
    if (page.next !== undefined) output.hint(`\nThere are more:\n  ${again(process.argv.slice(2), 'after', page.next)}`)
    return EXIT.done
  },

  async stats(opened, _told, output, signal) {
    const counts = await count(opened, signal, (text) => output.progress(text))
    output.result(counts, () =>
      columns(
        Object.entries(counts).flatMap(([store, found]) => rowsOf(store, found)),
        [1]
      )
    )
    return signal.aborted ? EXIT.interrupted : EXIT.done
  },

  async why({ app }, { subject }, output) {
    const why = await app.sessions.why(subject as string)
    output.result(why, ({ asked, reason, entries }) => [
      fit(process.stdout, reason),
      ...entries.map((entry) => line(entry, asked))
    ])
    return why.entries.length === 0 && why.isAlive !== true ? EXIT.nothing : EXIT.done
  },

  async revoke({ app }, { subject, values: { except, only } }, output) {
    if (except !== undefined && only !== undefined) throw new UsageError('revoke: --except or --only, not both')
    const which = except === undefined ? only && { only: String(only) } : { except: String(except) }
    const ended = await app.sessions.revoke(subject as string, which || undefined)
    output.result({ ended }, () => [`${ended} ${ended === 1 ? 'session' : 'sessions'} ended`])
    return EXIT.done
  },

  async clear({ app }, { values }, output) {
    if (values.yes !== true)
      throw new UsageError('clear: ends every session of every user: write --yes if that is meant')
    await app.sessions.clear()
    output.result({ cleared: true }, () => ['every session has ended'])
    return EXIT.done
  },

  async sweep(opened, _told, output, signal) {
    const swept = await sweep(opened, signal)
    output.result(swept, () =>
      Object.entries(swept).map(([store, count]) => `${store}: ${count} expired records removed`)
    )
    return signal.aborted ? EXIT.interrupted : EXIT.done
  },

  migrate,
  'rotate-check': rotateCheck
}

function blocks(found: readonly object[]): readonly string[] {
  return found.flatMap((each, at) => [...(at > 0 ? [''] : []), ...table(each as Readonly<Record<string, unknown>>)])
}

function pageWanted({ store, limit, after }: Told['values']): PageWanted {
  return {
    ...(store !== undefined && { store: String(store) }),
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(after !== undefined && { after: String(after) })
  }
}

/** What `list` does not take was said on the command line. */
function refuseWanted(error: Error): never {
  throw error instanceof ConfigError ? new UsageError(error.message.replace('app.sessions.list(): ', 'list: ')) : error
}

/** Only for somebody who is watching: whoever counts lines counts sessions. */
function headOf(sessions: readonly StoredSession[]): readonly (readonly string[])[] {
  if (!process.stdout.isTTY || sessions.length === 0) return []
  return [['session', 'id', 'ends', 'users'].map((name) => colored(process.stdout, 'dim', name))]
}

function row({ name = '?', id, subjects, expiresAt }: StoredSession): readonly string[] {
  return [name, id, moment(expiresAt), printable(subjects.join(' '))]
}

function rowsOf(store: string, found: Counts[string]): readonly (readonly string[])[] {
  if (found === null) return [[store, '?', 'its engine has no way to go through all records']]
  const all = Object.entries(found)
  return all.length === 0 ? [[store, '0']] : all.map(([name, count]) => [store, counted(count), name])
}

/** @param asked what the others are about, which need not be said again */
function line(entry: HistoryEntry, asked: string): string {
  const about = [entry.session, entry.id].filter((part) => part !== undefined && part !== asked).join(' ')
  const text = printable(about === '' ? sentence(entry) : `${about}: ${sentence(entry)}`)
  return fit(process.stdout, `  ${text}`, '    ')
}

function nothing(output: Output, text: string): number {
  output.result([], () => [])
  output.error(text)
  return EXIT.nothing
}

async function standardInput(): Promise<string> {
  let text = ''
  for await (const part of process.stdin) text += part
  return text
}
