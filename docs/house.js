/**
 * `npm run house`: draws the rooms of lib/ and the imports between them, as they are, into house.svg. What a room also
 * reaches through another is left out, and so are types/, util/ and errors.ts, which every room may import.
 */
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cruise } from 'dependency-cruiser'

const root = join(import.meta.dirname, '..')
const EVERYWHERE = new Set(['types', 'lib/util', 'lib/errors.ts'])

/** The room of a file: its folder in lib/, or the file itself if it stands in lib/. */
function roomOf(path) {
  const folder = dirname(path)
  return folder === 'lib' ? path : folder.split('/').slice(0, 2).join('/')
}

/** Which rooms each room imports. */
export async function importsOfRooms() {
  const { output } = await cruise(
    ['lib'],
    { baseDir: root, includeOnly: '^(lib|types)/', tsPreCompilationDeps: true, outputType: 'json' },
    undefined,
    undefined
  )
  const imports = new Map()
  for (const { source, dependencies } of JSON.parse(output).modules) {
    const from = roomOf(source)
    if (EVERYWHERE.has(from)) continue
    const to = imports.get(from) ?? new Set()
    for (const { resolved } of dependencies) to.add(roomOf(resolved))
    to.delete(from)
    imports.set(from, to)
  }
  for (const to of imports.values()) for (const room of EVERYWHERE) to.delete(room)
  return imports
}

/** Without those imports that lead where others lead too. */
export function direct(imports) {
  const reach = (room) => [...(imports.get(room) ?? [])].flatMap((next) => [next, ...reach(next)])
  return [...imports].flatMap(([from, to]) => {
    const beyond = new Set([...to].flatMap(reach))
    return [...to].filter((room) => !beyond.has(room)).map((room) => [from, room])
  })
}

async function draw() {
  const { instance } = await import('@viz-js/viz')
  const imports = await importsOfRooms()
  const name = (room) => JSON.stringify(room.replace(/^lib\//, ''))
  const dot = `digraph { rankdir=TB; bgcolor=transparent; nodesep=0.35; ranksep=0.4
    node [shape=box style="rounded,filled" fillcolor="#f6f8fa" color="#8c959f" fontname="Helvetica,Arial,sans-serif" fontsize=12 height=0.35 margin="0.2,0.05"]
    edge [color="#8c959f" arrowsize=0.6]
    ${[...imports.keys()].map(name).join('\n')}
    ${direct(imports)
      .map(([from, to]) => `${name(from)} -> ${name(to)}`)
      .join('\n')} }`
  const svg = (await instance()).renderString(dot, { format: 'svg' })
  await writeFile(join(import.meta.dirname, 'house.svg'), svg.slice(svg.indexOf('<svg')))
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await draw()
