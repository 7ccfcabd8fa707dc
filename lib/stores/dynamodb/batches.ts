import { setTimeout as sleep } from 'node:timers/promises'

/** DynamoDB's bounds for one BatchGetItem and one BatchWriteItem. */
export const mostReads = 100
export const mostWrites = 25

export function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}

/**
 * A batch may be answered in part, when the table is throttled or the answer too long. Sends what was left over again,
 * after a while that grows.
 *
 * @param send Resolves to what was left over.
 */
export async function untilProcessed<T>(
  work: readonly T[],
  send: (work: readonly T[]) => Promise<readonly T[]>
): Promise<void> {
  let left = await send(work)
  for (let turn = 0; left.length > 0; turn++) {
    if (turn === mostPauses) throw new Error(`dynamodb store: ${left.length} of a batch were not processed: throttled`)
    await sleep(Math.random() * firstPause * 2 ** turn)
    left = await send(left)
  }
}

/** The last pause is then 3.2 seconds at most. */
const mostPauses = 8
const firstPause = 25
