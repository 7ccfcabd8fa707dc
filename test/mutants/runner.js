import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { DryRunStatus, determineHitLimitReached, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner'
import { FirstRun } from './first-run.js'
import { failureOf, loadTests } from './in-process.js'

/** What the instrumented code looks at (StrykerJS, "mutant switching"). */
globalThis.__stryker__ ??= {}
const switches = globalThis.__stryker__

/** What the first run found is written there for the processes that come after. */
const FIRST_RUN = '.first-run.json'

/** Each mutant's fate, as soon as it is known: Stryker tells at the end, which may be hours away. */
const LOG = process.env['MUTANTS_LOG']

/** How long the tests of one mutant may take in all, in ms, as the first run found; what comes after that is left out. */
const BUDGET = Number(process.env['MUTANTS_BUDGET'] ?? Number.POSITIVE_INFINITY)

/** Which test files are run. */
const FILES = new RegExp(process.env['MUTANTS_TESTS'] ?? '.')

/** How many of those tests that killed last are asked first: mutants come in the order of the code. */
const KILLERS = 5

const OUT_OF_TIME = Symbol('out of time')

/** Tests put others in its place. */
const { setTimeout, clearTimeout } = globalThis

/**
 * Runs tests in one process, mutant after mutant, those first that are likely to notice in little time. What a mutant leaves behind must not count
 * against the next one: a test that fails has to fail again, and to pass once the mutant is off; else the process has
 * been spoilt, and a new one decides.
 */
export class Runner {
  #tests = []
  #firstRun = new FirstRun({}, {})
  /** Ids of tests, the last one first. */
  #killers = []
  #isFresh = true
  #isSpoilt = false

  capabilities() {
    return { reloadEnvironment: false }
  }

  async dryRun() {
    await this.#load()
    const [tests, durations] = [[], {}]
    for (const test of this.#tests) {
      const first = await dryRunOf(test)
      const result = first.status === TestStatus.Success ? first : await dryRunOf(test)
      if (result.status !== TestStatus.Success) {
        console.error(`left out, as it fails without a mutant: ${result.failureMessage}`)
        continue
      }
      tests.push(result)
      durations[test.id] = result.timeSpentMs
    }
    switches.currentTestId = undefined
    await writeFile(FIRST_RUN, JSON.stringify({ durations, reached: switches.mutantCoverage.perTest }))
    return { status: DryRunStatus.Complete, tests, mutantCoverage: switches.mutantCoverage }
  }

  async mutantRun(options) {
    const result = await this.#mutantRun(options)
    if (LOG !== undefined) await appendFile(LOG, `${lineOf(options.activeMutant, result)}\n`)
    return result
  }

  async #mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }) {
    if (this.#isSpoilt) throw new Error('a new process is needed')
    const isStatic = mutantActivation === 'static'
    if (isStatic) switches.activeMutant = activeMutant.id
    Object.assign(switches, { hitCount: hitLimit === undefined ? undefined : 0, hitLimit })
    try {
      await this.#load()
    } catch (error) {
      return { status: MutantRunStatus.Killed, killedBy: ['the start'], failureMessage: String(error), nrOfTests: 0 }
    }
    const result = await this.#run(this.#chosen(testFilter, activeMutant.id), activeMutant.id, isStatic)
    switches.activeMutant = undefined
    this.#isFresh = false
    return result
  }

  async #run(tests, mutant, isStatic) {
    for (const [index, test] of tests.entries()) {
      switches.activeMutant = mutant
      const failureMessage = await this.#failureIn(test)
      if (failureMessage === undefined) continue
      const limit = determineHitLimitReached(switches.hitCount, switches.hitLimit)
      if (limit !== undefined || failureMessage === OUT_OF_TIME) {
        this.#isSpoilt = true
        return { status: MutantRunStatus.Timeout, reason: test.id }
      }
      if ((await this.#failureIn(test)) === undefined) continue
      if (!isStatic) await this.#recover(test)
      this.#killers = [test.id, ...this.#killers.filter((id) => id !== test.id)].slice(0, KILLERS)
      return { status: MutantRunStatus.Killed, killedBy: [test.id], failureMessage, nrOfTests: index + 1 }
    }
    return { status: MutantRunStatus.Survived, nrOfTests: tests.length }
  }

  /** @throws when the test fails without the mutant too, unless nothing but this mutant can be why */
  async #recover(test) {
    switches.activeMutant = undefined
    if ((await this.#failureIn(test)) === undefined) return
    this.#isSpoilt = true
    if (!this.#isFresh) throw new Error(`"${test.id}" fails without a mutant: a new process is needed`)
  }

  async #failureIn(test) {
    const limit = 3000 + 10 * this.#firstRun.durationOf(test)
    let timer
    const timeout = new Promise((done) => {
      timer = setTimeout(() => done(OUT_OF_TIME), limit)
    })
    const failure = await Promise.race([failureOf(test), timeout])
    clearTimeout(timer)
    return failure
  }

  #chosen(filter, mutant) {
    const wanted = filter && new Set(filter)
    const reaching = this.#tests.filter(({ id }) => wanted?.has(id) ?? true)
    const killers = this.#killers.flatMap((killer) => reaching.filter(({ id }) => id === killer))
    const others = this.#firstRun.sorted(reaching, mutant)
    let spent = 0
    return [...new Set([...killers, ...others])].filter((test, index) => {
      spent += this.#firstRun.durationOf(test)
      return index === 0 || spent <= BUDGET
    })
  }

  async #load() {
    if (this.#tests.length > 0) return
    const tests = await loadTests(FILES)
    const { durations, reached = {} } = await readFile(FIRST_RUN, 'utf8').then(JSON.parse, () => ({}))
    this.#tests = durations === undefined ? tests : tests.filter(({ id }) => id in durations)
    this.#firstRun = new FirstRun(durations ?? {}, reached)
  }
}

async function dryRunOf(test) {
  const { id, file } = test
  switches.currentTestId = id
  const start = performance.now()
  const failureMessage = await failureOf(test)
  const timeSpentMs = performance.now() - start
  const fileName = resolve('test', file.replace(/js$/, 'ts'))
  const status = failureMessage === undefined ? TestStatus.Success : TestStatus.Failed
  return { id, name: id, fileName, timeSpentMs, status, failureMessage }
}

function lineOf({ fileName, location: { start }, mutatorName, replacement }, { status, killedBy, reason }) {
  const where = `${relative(dirname(dirname(LOG)), fileName)}:${start.line + 1}:${start.column + 1}`
  return JSON.stringify([status, where, mutatorName, replacement, killedBy?.[0] ?? reason])
}
