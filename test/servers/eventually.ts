import { setTimeout as sleep } from 'node:timers/promises'

/** Polls until `holds` answers true; a rejection counts as false. */
export async function eventually(holds: () => Promise<boolean>, patience = 30_000): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`it did not come to hold within ${patience} ms: ${holds}`)
    await sleep(50)
  }
}
