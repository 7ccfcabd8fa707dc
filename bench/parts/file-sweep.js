/** `node file-sweep.js <directory>`: sweeps a file store, and tells what that does to the event loop. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileStore } from '../../dist/bundle/index.js'

const store = fileStore({ directory: process.argv[2] })
await store.setup()
const idle = await delayDuring(() => sleep(3000))
const start = performance.now()
let removed
const delay = await delayDuring(async () => {
  removed = await store.sweep()
})
const seconds = (performance.now() - start) / 1000
await store.close()
process.stdout.write(JSON.stringify({ removed, seconds, delay, idle }))

/** In ms between two turns of a timer of 1 ms. */
async function delayDuring(run) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await run()
  histogram.disable()
  const [max, p99, p50] = [histogram.max, histogram.percentile(99), histogram.percentile(50)].map((ns) => ns / 1e6)
  return { max, p99, p50 }
}
