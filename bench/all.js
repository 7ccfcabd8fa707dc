/**
 * Measures everything and writes the report.
 *
 *     node all.js [--rounds 5] [--seconds 1] [--many 1000000]
 *
 * With the Node that runs it, and with those at the paths in NODES, divided by commas.
 */
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    many: { type: 'string', default: '1000000' }
  }
})
for (const node of [process.execPath, ...(process.env.NODES?.split(',') ?? [])]) {
  run(node, 'run.js', '--rounds', values.rounds, '--seconds', values.seconds)
  run(node, 'parts.js', '--many', values.many)
}
run(process.execPath, 'report.js')

function run(node, ...args) {
  execFileSync(node, args, { cwd: import.meta.dirname, stdio: 'inherit' })
}
