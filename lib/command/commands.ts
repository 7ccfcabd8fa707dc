import type { HistoryEntry } from '../../types/history.js'
import type { PageWanted, StoredSession } from '../../types/register.js'
import { ConfigError } from '../errors.js'
import { sentence } from '../history/words.js'
import type { Opened } from './app.js'
import { inspect } from './inspect.js'
import { migrate } from './migrate.js'
import { type Output, printable, table } from './output.js'
import { rotateCheck } from './rotate-check.js'
import { type Counts, count, show, sweep } from './stored.js'
import { EXIT, type Told, UsageError } from './usage.js'

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
    output.result(page, ({ sessions }) => sessions.map(row))
    if (page.next !== undefined) output.hint(`there are more: list --after ${page.next}`)
    return EXIT.done
  },

  async stats(opened, _told, output, signal) {
    const counts = await count(opened, signal, (text) => output.progress(text))
    output.result(counts, () => Object.entries(counts).flatMap(([store, found]) => counted(store, found)))
    return signal.aborted ? EXIT.interrupted : EXIT.done
  },

  async why({ app }, { subject }, output) {
    const why = await app.sessions.why(subject as string)
    output.result(why, ({ reason, entries }) => [reason, ...entries.map((entry) => `  ${line(entry)}`)])
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

function row({ name = '?', id, subjects, expiresAt }: StoredSession): string {
  return printable(`${name}  ${id}  ends ${expiresAt.toISOString()}  ${subjects.join(' ')}`).trimEnd()
}

function counted(store: string, found: Counts[string]): readonly string[] {
  if (found === null) return [`${store}: its engine has no way to go through all records`]
  const all = Object.entries(found)
  return all.length === 0 ? [`${store}: none`] : all.map(([name, count]) => `${store}: ${count} ${name}`)
}

function line(entry: HistoryEntry): string {
  const about = [entry.session, entry.id].filter((part) => part !== undefined).join(' ')
  return printable(about === '' ? sentence(entry) : `${about}: ${sentence(entry)}`)
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
