import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { home } from './paths.js'

interface Asset {
  /** The path contains a hash of the content, so that browsers may cache it for good. */
  readonly path: string
  readonly type: string
  readonly text: string
}

export const style = asset('style', 'css', 'text/css', [
  'base.css',
  'frame.css',
  'parts.css',
  'forms.css',
  'scenes.css',
  'timeline.css',
  'panel.css'
])
export const script = asset('shop', 'js', 'text/javascript', ['shop.js', 'panel.js'])

export async function assets(app: FastifyInstance): Promise<void> {
  for (const { path, type, text } of [style, script]) {
    app.get(path, { config: { sessions: false } }, (_request, reply) =>
      reply.type(`${type}; charset=utf-8`).header('cache-control', 'public, max-age=31536000, immutable').send(text)
    )
  }
}

function asset(name: string, ending: string, type: string, files: readonly string[]): Asset {
  const text = files.map((file) => readFileSync(join(home, 'client', file), 'utf8')).join('\n')
  const mark = createHash('sha256').update(text).digest('base64url').slice(0, 8)
  return { path: `/${name}-${mark}.${ending}`, type, text }
}
