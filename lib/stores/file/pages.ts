import { readdir } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ListedRecord, PageOptions, RecordPage } from '../../../types/store.js'
import { hasCode } from './disk.js'
import { idIn, isRecord, shardNames, shardPath } from './layout.js'
import { readWhole } from './state.js'

/** How many files are read before other tasks get a turn of the event loop: about a millisecond of work. */
const SLICE = 50

/**
 * Returns a page of the live records, ordered by their file names. `after` is the file name of the last record before
 * the page.
 */
export async function pageOf(directory: string, { after, limit }: PageOptions): Promise<RecordPage> {
  const records: ListedRecord[] = []
  for (const shard of shardNames) {
    if (after !== undefined && shard < after.slice(0, shard.length)) continue
    const path = shardPath(directory, shard)
    const names = (await namesIn(path)).filter((name) => after === undefined || name > after)
    for (const [at, name] of names.entries()) {
      if (at % SLICE === SLICE - 1) await nextTurn()
      const record = recordAt(path, name)
      if (record !== undefined) records.push(record)
      if (records.length === limit) return { records, next: name }
    }
  }
  return { records, next: undefined }
}

async function namesIn(shard: string): Promise<readonly string[]> {
  try {
    return (await readdir(shard)).filter(isRecord).sort()
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return []
    throw cause
  }
}

function recordAt(shard: string, name: string): ListedRecord | undefined {
  const id = idIn(name)
  const state = readWhole(`${shard}/${name}`, id)
  if (!state?.live || state.text === undefined) return undefined
  return { id, text: state.text, version: state.version, expires: state.stamp.end }
}
