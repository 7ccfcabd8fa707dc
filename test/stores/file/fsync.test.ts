import { join } from 'node:path'
import tap, { test } from 'tap'
import { conformanceCases } from '../../../lib/conformance/index.js'
import { fileStore } from '../../../lib/stores/file.js'
import { directoryFor } from '../../servers/process.js'

const root = await directoryFor(tap, 'file-store')

const durability = 'fsync'
const directory = join(root, 'sessions')
const cases = conformanceCases({
  open: () => fileStore({ directory, durability }),
  neighbour: () => fileStore({ directory: join(root, 'neighbour'), durability }),
  unreachable: () => fileStore({ directory: join(root, 'never-made'), durability }),
  rounds: 5
})
for (const { name, skipped, run } of cases) test(name, { skip: skipped ?? false }, run)
