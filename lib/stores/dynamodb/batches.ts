import { setTimeout as sleep } from 'node:timers/promises'

/** DynamoDB's limits for one BatchGetItem and one BatchWriteItem. */
export const mostReads = 100
export const mostWrites = 25

export function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}

/**
 * Sends a batch until all of it is processed. DynamoDB may process only a part of it, when the table is throttled or
 * the answer too long. The rest is sent again, after a pause that grows.
 *
 * @param send Resolves to the rest.
 * @throws Error when there is still a rest after the last pause
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

/** With these, the last pause is at most 3.2 seconds. */
const mostPauses = 8
const firstPause = 25
