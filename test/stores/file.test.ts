import { join } from 'node:path'
import tap, { test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { fileStore } from '../../lib/stores/file.js'
import { directoryFor } from '../servers/process.js'

const root = await directoryFor(tap, 'file-store')

const directory = join(root, 'sessions')
const cases = conformanceCases({
  open: () => fileStore({ directory }),
  neighbour: () => fileStore({ directory: join(root, 'neighbour') }),
  unreachable: () => fileStore({ directory: join(root, 'never-made') })
})
for (const { name, skipped, run } of cases) test(name, { skip: skipped ?? false }, run)
