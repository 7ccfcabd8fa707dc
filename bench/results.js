import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

/** What is measured in haste is kept apart: it must not be taken for results. */
export const isQuick = process.argv.includes('--quick')
export const directory = new URL(isQuick ? 'results/quick/' : 'results/', import.meta.url)
const major = process.versions.node.split('.')[0]

/** Writes results/node<major>.<what>.json, with where and when they were measured. */
export function writeResults(what, results) {
  mkdirSync(directory, { recursive: true })
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`
  const system = `${process.platform} ${release()}`
  const where = { date: new Date().toISOString(), node: process.version, machine, system }
  writeFileSync(
    new URL(`node${major}.${what}.json`, directory),
    `${JSON.stringify({ ...where, ...results }, null, 1)}\n`
  )
}

/** What was written under this major of Node, or another; `undefined` if nothing was. */
export function readResults(what, node = major) {
  try {
    return JSON.parse(readFileSync(new URL(`node${node}.${what}.json`, directory), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The majors of Node that there are results for. */
export function measuredNodes() {
  const found = readdirSync(directory).map((name) => /^node(\d+)\.requests\.json$/.exec(name)?.[1])
  return found.filter((node) => node !== undefined).sort((a, b) => Number(a) - Number(b))
}
