import { parseArgs } from 'node:util'

/** The codes that the command ends with, as docs/command-line.md tells them. */
export const EXIT = { done: 0, failed: 1, usage: 2, nothing: 3, left: 4, interrupted: 130 } as const

/** The command was told something that makes no sense. */
export class UsageError extends Error {}

interface Command {
  /** What stands behind its name. */
  readonly takes: readonly string[]
  readonly options: readonly Option[]
  readonly does: string
}

type Option = keyof typeof OPTIONS

const OPTIONS = {
  options: {
    type: 'string',
    takes: 'file',
    does: 'module of the options, or of the app; default sessions.js'
  },
  env: {
    type: 'string',
    takes: 'file',
    does: 'env file with the variables that the module needs'
  },
  json: { type: 'boolean', does: 'JSON on standard output' },
  values: { type: 'boolean', does: 'with the values of sessions' },
  file: { type: 'string', takes: 'file', does: 'env file to write the key to, with mode 0600' },
  name: { type: 'string', takes: 'variable', does: 'name of the variable; default SESSION_KEY' },
  except: { type: 'string', takes: 'id', does: 'id of a session that stays' },
  only: { type: 'string', takes: 'id', does: 'id of the only session that is ended' },
  store: { type: 'string', takes: 'name', does: 'name of the store; needed where there are several' },
  limit: { type: 'string', takes: 'n', does: 'about how many at once, 1 to 1000; default 100' },
  after: { type: 'string', takes: 'cursor', does: 'where the page before ended' },
  'dry-run': { type: 'boolean', does: 'count what would be done, and write nothing' },
  slice: { type: 'string', takes: 'n', does: 'how many records at a time, 1 to 1000; default 100' },
  pause: { type: 'string', takes: 'ms', does: 'rest between two slices; default 0' },
  from: { type: 'string', takes: 'cursor', does: 'where an interrupted run goes on, as that said' },
  since: { type: 'string', takes: 'day', does: 'when the first key became the first everywhere: 2026-11-01' },
  yes: { type: 'boolean', does: 'it is meant: what is refused without is done' },
  help: { type: 'boolean', does: 'this' },
  version: { type: 'boolean', does: 'version of the package' }
} as const

const EVERYWHERE: readonly Option[] = ['options', 'env', 'json', 'help']

const COMMANDS: Readonly<Record<string, Command>> = {
  keygen: { takes: [], options: ['file', 'name'], does: 'makes a key' },
  inspect: {
    takes: ['<cookie>'],
    options: ['values'],
    does: 'takes a cookie or a Cookie header apart (-: from stdin)'
  },
  list: {
    takes: [],
    options: ['store', 'limit', 'after'],
    does: 'lists the live sessions of a store, a page at a time'
  },
  stats: { takes: [], options: [], does: 'counts the live sessions of each store' },
  show: { takes: ['<id>'], options: ['values'], does: 'shows what is stored of a session' },
  why: { takes: ['<id or user>'], options: [], does: 'tells why a session ended' },
  revoke: { takes: ['<user>'], options: ['except', 'only'], does: "ends a user's sessions" },
  clear: { takes: [], options: ['yes'], does: 'ends every session' },
  sweep: { takes: [], options: [], does: 'removes what has expired' },
  migrate: {
    takes: ['[session]'],
    options: ['dry-run', 'slice', 'pause', 'from', 'yes'],
    does: 'carries stored sessions to the version of their schema'
  },
  'rotate-check': {
    takes: [],
    options: ['since', 'slice', 'pause', 'from'],
    does: 'counts what older keys open: which are safe to drop'
  }
}

/** What the command was told. */
export interface Told {
  readonly command: string
  readonly subject: string | undefined
  readonly values: Readonly<Partial<Record<Option, string | boolean>>>
}

/** @throws UsageError */
export function parse(argv: readonly string[]): Told {
  const [name = 'help', ...rest] = argv
  if (['help', '--help', '-h'].includes(name)) return { command: 'help', subject: undefined, values: {} }
  if (name === '--version') return { command: 'version', subject: undefined, values: {} }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) throw new UsageError(`no command "${name}"${didYouMean(name, Object.keys(COMMANDS))}`)
  const { values, positionals } = parsed(name, command, rest)
  if (values['help']) return { command: 'help', subject: name, values: {} }
  const needed = command.takes.filter((each) => each.startsWith('<'))
  if (positionals.length < needed.length || positionals.length > command.takes.length) {
    const expected = command.takes.join(' ') || 'nothing'
    throw new UsageError(`${name}: expected ${expected} behind it, got ${positionals.length} arguments`)
  }
  return { command: name, subject: positionals[0], values: values as Told['values'] }
}

function parsed(name: string, { options }: Command, args: readonly string[]) {
  const all = [...options, ...EVERYWHERE]
  const config = Object.fromEntries(all.map((option) => [option, { type: OPTIONS[option].type }]))
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true })
  } catch (error) {
    const [, wrong] = /'(-[^' ]*)/.exec((error as Error).message) ?? []
    if ((error as { readonly code?: string }).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || wrong === undefined) {
      throw new UsageError(`${name}: ${(error as Error).message}`)
    }
    const names = all.map((option) => `--${option}`)
    throw new UsageError(`${name}: no option ${wrong}${known(wrong, names)}`)
  }
}

/** Of all commands, or of one. */
export function help(name: string | undefined): string {
  const command = name === undefined ? undefined : COMMANDS[name]
  if (command === undefined) {
    const lines = Object.entries(COMMANDS).map(
      ([each, { takes, does }]) => `  ${[each, ...takes].join(' ').padEnd(22)} ${does}`
    )
    return `Usage: fastify-sessions <command> [options]\n\n${lines.join('\n')}\n\nfastify-sessions <command> --help tells its options.`
  }
  const options = [...command.options, ...EVERYWHERE].map((each) => `  ${shown(each).padEnd(18)} ${OPTIONS[each].does}`)
  return `Usage: fastify-sessions ${[name, ...command.takes].join(' ')} [options]\n\nIt ${command.does}.\n\n${options.join('\n')}`
}

function shown(option: Option): string {
  const told = OPTIONS[option]
  return 'takes' in told ? `--${option} <${told.takes}>` : `--${option}`
}

/** What else to say to somebody whose command failed; `undefined` where that was no mistake. */
export function hintFor([name = '', ...others]: readonly string[], error: unknown): string | undefined {
  if (error instanceof UsageError) {
    const command = Object.hasOwn(COMMANDS, name) ? `${name} --help` : 'help'
    return `fastify-sessions ${command} tells what there is.`
  }
  const isUnset = error instanceof Error && /^keys\[\d+\]: .*environment variable/.test(error.message)
  return isUnset && !others.some((each) => each.startsWith('--env'))
    ? 'With --env .env variables are read from that file.'
    : undefined
}

/** The name that was meant, or else all that there are. */
export function known(wrong: string, names: readonly string[]): string {
  return didYouMean(wrong, names) || `; there are ${names.join(', ')}`
}

function didYouMean(wrong: string, names: readonly string[]): string {
  const [nearest] = names.map((name) => [distance(wrong, name), name] as const).sort(([a], [b]) => a - b)
  return nearest !== undefined && nearest[0] <= 2 ? `: did you mean ${nearest[1]}?` : ''
}

/** How many letters have to be changed, added or left out (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1]
    for (const [at, each] of [...other].entries()) {
      const replaced = (row[at] as number) + (letter === each ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] as number) + 1, (next[at] as number) + 1))
    }
    row = next
  }
  return row[other.length] as number
}

/** The same command once more with an option that says where to go on, as it can be pasted into a shell. */
export function again(argv: readonly string[], option: 'from' | 'after', value: string): string {
  const isOption = (each: string | undefined) => each === `--${option}` || each?.startsWith(`--${option}=`)
  const others = argv.filter((each, at) => !isOption(each) && argv[at - 1] !== `--${option}`)
  return ['npx fastify-sessions', ...others.map(quoted), `--${option}`, quoted(value)].join(' ')
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
