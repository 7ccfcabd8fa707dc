/**
 * Measures everything and writes the report.
 *
 *     node all.js [--rounds 5] [--seconds 1] [--many 1000000] [--only floor,ownCookie] [--node /path/to/node]… [--quick]
 *
 * With the Node that runs it, and with each --node; the paths may also be in NODES, divided by commas. With --only, just
 * those contestants and none of the parts. --quick is for trying: its report goes to results/quick/.
 */
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    many: { type: 'string' },
    only: { type: 'string' },
    node: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false }
  }
})
const more = process.env.NODES?.split(',') ?? []
for (const node of [process.execPath, ...values.node, ...more]) {
  run(node, 'run.js', ...given('rounds', 'seconds', 'only'))
  if (!values.only) run(node, 'parts.js', ...given('many'))
}
run(process.execPath, 'report.js')

function given(...names) {
  return names.flatMap((name) => (values[name] === undefined ? [] : [`--${name}`, values[name]]))
}

function run(node, ...args) {
  if (values.quick) args.push('--quick')
  execFileSync(node, args, { cwd: import.meta.dirname, stdio: 'inherit' })
}
