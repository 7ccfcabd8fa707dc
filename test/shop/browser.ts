import { access } from 'node:fs/promises'
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Browser as Process
} from 'playwright-core'
import t, { type Test } from 'tap'
import { directoryFor } from '../servers/process.js'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Without a sandbox, because that needs rights which root lacks in a container; and without background requests. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** A fixed version, whatever that of the installed browser. */
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'

const defaults: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, userAgent }

/** The browser for all tests of a file. Each test opens its own context, which shares no cookies with the others. */
let running: Promise<Process> | undefined

t.teardown(async () => (await running)?.close())

export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
}

/** Opens a visitor's browser, without any cookies. */
export async function openBrowser(t: Test, options: BrowserContextOptions = {}): Promise<Visit> {
  running ??= launch()
  const context = await (await running).newContext({ ...defaults, ...options })
  t.teardown(() => context.close())
  return { context, page: await context.newPage() }
}

async function launch(): Promise<Process> {
  await checkInstalled()
  return chromium.launch({ executablePath, args })
}

/** A browser with a profile on disk. Chromium itself decides what it keeps over a restart. */
export class Profile {
  readonly #directory: string
  #context: BrowserContext
  #page: Page

  private constructor(directory: string, { context, page }: Visit) {
    this.#directory = directory
    this.#context = context
    this.#page = page
  }

  static async open(t: Test): Promise<Profile> {
    await checkInstalled()
    const directory = await directoryFor(t, 'browser')
    const profile = new Profile(directory, await start(directory))
    t.teardown(() => profile.#context.close())
    return profile
  }

  get page(): Page {
    return this.#page
  }

  async restart(): Promise<void> {
    await this.#context.close()
    const { context, page } = await start(this.#directory)
    this.#context = context
    this.#page = page
  }
}

async function start(directory: string): Promise<Visit> {
  const context = await chromium.launchPersistentContext(directory, { executablePath, args, ...defaults })
  return { context, page: context.pages()[0] ?? (await context.newPage()) }
}

async function checkInstalled(): Promise<void> {
  await access(executablePath).catch(() => {
    throw new Error(`${executablePath} is missing: run "npm run servers", or set CHROMIUM`)
  })
}
