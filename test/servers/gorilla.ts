import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { directoryFor } from './process.js'

/** Where Debian's packages put the sources of Go's. */
const SOURCES = '/usr/share/gocode'

export interface Asked {
  readonly do: 'id' | 'json' | 'session'
  readonly name: string
  /** In hex. */
  readonly pairs: readonly string[]
  readonly values?: Readonly<Record<string, unknown>>
  readonly text?: string
}

/** Whether there are Go and gorilla/sessions, to build the program that writes real cookies. */
export async function hasGorilla(): Promise<boolean> {
  try {
    await promisify(execFile)('go', ['version'])
    await access(join(SOURCES, 'src/github.com/gorilla/sessions'))
    return true
  } catch {
    return false
  }
}

/** Builds and starts the program; gives what asks it for the value of a cookie. */
export async function startGorilla(t: Test): Promise<(asked: Asked) => Promise<string>> {
  const directory = await directoryFor(t, 'gorilla')
  const program = join(directory, 'gorilla')
  const source = join(import.meta.dirname, '../../../test/servers/gorilla.go')
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    GO111MODULE: 'off',
    GOPATH: SOURCES,
    GOCACHE: join(directory, 'cache')
  }
  await promisify(execFile)('go', ['build', '-o', program, source], { env })
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async (asked) => {
    child.stdin.write(`${JSON.stringify(asked)}\n`)
    const { value: line } = await lines.next()
    const { value, error } = JSON.parse(line as string) as { value?: string; error?: string }
    if (value === undefined) throw new Error(error)
    return value
  }
}
