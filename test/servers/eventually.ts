import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Polls until `holds` resolves to true; a rejection counts as false.
 *
 * @throws Error when that takes longer than `patience`, in ms
 */
export async function eventually(holds: () => Promise<boolean>, patience = 30_000): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`it did not come to hold within ${patience} ms: ${holds}`)
    await sleep(50)
  }
}
