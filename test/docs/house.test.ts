import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { root } from './pages.js'

interface House {
  importsOfRooms(): Promise<ReadonlyMap<string, ReadonlySet<string>>>
  direct(imports: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly [from: string, to: string])[]
}

t.test('the picture in CONTRIBUTING.md shows the imports as they are', async (t) => {
  const { importsOfRooms, direct } = (await import(pathToFileURL(join(root, 'docs/house.js')).href)) as House
  const arrows = direct(await importsOfRooms()).map((rooms) => rooms.join(' > ').replaceAll('lib/', ''))
  const picture = await readFile(join(root, 'docs/house.svg'), 'utf8')
  const drawn = [...picture.matchAll(/<title>([^<]+)&#45;&gt;([^<]+)<\/title>/g)].map(
    ([, from, to]) => `${from} > ${to}`
  )
  t.ok(arrows.length > 10)
  t.same(drawn.sort(), arrows.sort(), 'npm run house draws it anew')
})
