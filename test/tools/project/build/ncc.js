import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import ncc from '@vercel/ncc'

const { code, assets } = await ncc(join(import.meta.dirname, 'app.js'), { quiet: true, esm: true })
const files = { ...assets, 'app.js': { source: code } }
for (const [name, { source }] of Object.entries(files)) {
  const file = join('out', name)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, source)
}
