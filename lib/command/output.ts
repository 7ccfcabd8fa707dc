import { stripVTControlCharacters, styleText } from 'node:util'

/** In ms. */
const REDRAW = 100

/** What a command says: results on standard output, all else on standard error, and nothing of that where it is piped. */
export class Output {
  readonly #isJson: boolean
  /** When progress was shown last, in ms since the epoch; 0: none is on the screen. */
  #progressAt = 0

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
  hint(text: string | undefined): void {
    if (text !== undefined && process.stderr.isTTY) process.stderr.write(`${text}\n`)
  }

  /** What has to be told also where nobody is watching; in JSON the result has it. */
  note(text: string): void {
    if (!this.#isJson) process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${text}\n`)
  }

  /** One line that is written over by the next one, ten times a second at most. */
  progress(text: () => string): void {
    if (!process.stderr.isTTY || Date.now() - this.#progressAt < REDRAW) return
    this.#progressAt = Date.now()
    process.stderr.write(`\r\u001b[K${text().slice(0, (process.stderr.columns || 80) - 1)}`)
  }

  endProgress(): void {
    if (this.#progressAt > 0) process.stderr.write('\r\u001b[K')
    this.#progressAt = 0
  }

  error(text: string): void {
    this.endProgress()
    const said = fit(process.stderr, `error: ${text}`).slice('error'.length)
    process.stderr.write(`${colored(process.stderr, 'red', 'error')}${said}\n`)
  }
}

type Color = 'red' | 'green' | 'yellow' | 'bold' | 'dim'

/** By https://no-color.org, and only where somebody looks. */
export function colored(stream: NodeJS.WriteStream, color: Color, text: string): string {
  const isWanted = stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  // Node would look at standard output, whichever stream the text is for.
  return isWanted ? styleText(color, text, { validateStream: false }) : text
}

/** The text with breaks between words where the terminal's lines end; as it is where nobody watches. */
export function fit(stream: NodeJS.WriteStream, text: string, indent = ''): string {
  const width = stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY
  let length = 0
  let fitted = ''
  for (const part of text.split(/(?<= )/)) {
    if (length > 0 && length + part.trimEnd().length > width) {
      fitted = `${fitted.trimEnd()}\n${indent}`
      length = indent.length
    }
    fitted += part
    length = part.includes('\n') ? part.length - part.lastIndexOf('\n') - 1 : length + part.length
  }
  return fitted
}

/** Names and what they stand for, in two columns; what is `undefined`, or a list without items, is left out. */
export function table(entries: Readonly<Record<string, unknown>>): readonly string[] {
  const shown = Object.entries(entries).filter(([, value]) => value !== undefined && !isEmptyList(value))
  const names = shown.map(([name]) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))
  const width = Math.max(0, ...names.map((name) => name.length))
  return shown.map(([name, value], at) => {
    const label = colored(process.stdout, 'dim', (names[at] as string).padEnd(width))
    return `${label}  ${name === 'keys' ? typesOf(value as object) : textOf(value)}`
  })
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function typesOf(keys: object): string {
  return (
    printable(
      Object.entries(keys)
        .map(([key, type]) => `${key}: ${type}`)
        .join(', ')
    ) || 'none'
  )
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return printable(value.join(', '))
  return typeof value === 'string' ? printable(value) : JSON.stringify(value)
}

/** What others chose, such as the name of a user, is not to steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}

/** A number as people read it. */
export function counted(number: number): string {
  return number.toLocaleString('en')
}

/** A moment to the minute, in UTC. */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')}Z`
}

/** Rows of cells, each column as wide as its widest cell, the `right` ones flush right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  }
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      const space = ' '.repeat((widths[at] as number) - widthOf(cell))
      return right.includes(at) ? space + cell : cell + space
    })
    return cells.join('  ').trimEnd()
  })
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}
