import { test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { exampleStore } from './example-store.js'

const store = exampleStore()
const cases = conformanceCases({
  open: () => store,
  lacks: ['readMany', 'saveMany', 'list', 'setup', 'clear', 'sweep']
})
for (const { name, skipped, run } of cases) test(name, { skip: skipped ?? false }, run)
