import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { fileStore } from '../../lib/stores/file.js'

const root = mkdtempSync(join(tmpdir(), 'file-store-'))
tap.teardown(() => rmSync(root, { recursive: true, force: true }))

for (const durability of ['none', 'fsync'] as const) {
  const directory = join(root, durability)
  const cases = conformanceCases({
    open: () => fileStore({ directory, durability }),
    neighbour: () => fileStore({ directory: join(root, `${durability}-neighbour`), durability }),
    unreachable: () => fileStore({ directory: join(root, 'never-made'), durability })
  })
  for (const { name, skipped, run } of cases) test(`durability ${durability}: ${name}`, { skip: skipped ?? false }, run)
}
