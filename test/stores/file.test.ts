import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { fileStore } from '../../lib/stores/file.js'

const root = mkdtempSync(join(tmpdir(), 'file-store-'))
tap.teardown(() => rmSync(root, { recursive: true, force: true }))

const directory = join(root, 'sessions')
const cases = conformanceCases({
  open: () => fileStore({ directory }),
  neighbour: () => fileStore({ directory: join(root, 'neighbour') }),
  unreachable: () => fileStore({ directory: join(root, 'never-made') })
})
for (const { name, skipped, run } of cases) test(name, { skip: skipped ?? false }, run)
