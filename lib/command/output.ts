import { styleText } from 'node:util'

/** What a command says: results on standard output, all else on standard error, and nothing of that where it is piped. */
export class Output {
  readonly #isJson: boolean
  #hasProgress = false

  constructor(isJson: boolean) {
    this.#isJson = isJson
  }

  /** The result: as JSON for machines, or as the lines that `lines` makes of it. */
  result<Result>(result: Result, lines: (result: Result) => readonly string[]): void {
    this.endProgress()
    const text = this.#isJson ? JSON.stringify(result, undefined, 2) : lines(result).join('\n')
    if (text !== '') process.stdout.write(`${text}\n`)
  }

  /** What only helps somebody who is watching. */
  hint(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`${text}\n`)
  }

  progress(text: string): void {
    if (!process.stderr.isTTY) return
    this.#hasProgress = true
    process.stderr.write(`\r\u001b[K${text}`)
  }

  endProgress(): void {
    if (this.#hasProgress) process.stderr.write('\r\u001b[K')
    this.#hasProgress = false
  }

  error(text: string): void {
    this.endProgress()
    process.stderr.write(`${colored(process.stderr, 'red', 'error')}: ${text}\n`)
  }
}

/** By https://no-color.org, and only where somebody looks. */
export function colored(stream: NodeJS.WriteStream, color: 'red' | 'green' | 'dim', text: string): string {
  const isWanted = stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  return isWanted ? styleText(color, text) : text
}

/** Names and what they stand for, in two columns; what is `undefined` is left out. */
export function table(entries: Readonly<Record<string, unknown>>): readonly string[] {
  const shown = Object.entries(entries).filter(([, value]) => value !== undefined)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${colored(process.stdout, 'dim', name.padEnd(width))}  ${textOf(value)}`)
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? printable(value) : JSON.stringify(value)
}

/** What others chose, such as the name of a user, is not to steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}
