#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { keygen } from './keygen.js'
import { Output } from './output.js'
import { EXIT, help, hintFor, parse, type Told, UsageError } from './usage.js'

/** The command `fastify-sessions`. The app, and what needs it, is loaded by those commands alone that are about one. */
async function main(argv: readonly string[]): Promise<number> {
  const output = new Output(argv.includes('--json'))
  try {
    return await run(parse(argv), output)
  } catch (error) {
    output.error(error instanceof Error ? error.message : String(error))
    output.hint(hintFor(argv, error))
    return error instanceof UsageError ? EXIT.usage : EXIT.failed
  }
}

async function run(told: Told, output: Output): Promise<number> {
  const { command, subject, values } = told
  if (command === 'help') process.stdout.write(`${help(subject)}\n`)
  else if (command === 'version') process.stdout.write(`${await version()}\n`)
  else if (command === 'keygen') await keygen(output, textOf(values.file), textOf(values.name))
  else return runWithApp(told, output)
  return EXIT.done
}

async function runWithApp(told: Told, output: Output): Promise<number> {
  const [{ open }, { RUNS }] = await Promise.all([import('./app.js'), import('./commands.js')])
  const opened = await open(textOf(told.values.options), textOf(told.values.env))
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  try {
    return await (RUNS[told.command] as NonNullable<(typeof RUNS)[string]>)(opened, told, output, interrupted.signal)
  } finally {
    await opened.app.close()
  }
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

// Who reads the first lines only, as head does, closes the pipe: that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? EXIT.done : EXIT.failed))
}

/** Also where the module of the options has opened a client that would keep the process alive. */
function end(code: number): void {
  process.stdout.write('', () => process.exit(code))
}

end(await main(process.argv.slice(2)))
