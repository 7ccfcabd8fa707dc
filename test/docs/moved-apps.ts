import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { byHttp, byInject, type Server } from '../from/browser.js'
import { compile } from './examples.js'
import type { Page } from './pages.js'

interface Module {
  readonly app: FastifyInstance | RequestListener
  readonly client?: { destroy(): void }
}

/** Runs the page's apps, each as a program of its own, because all of them declare the contents of a session. */
export async function running(
  t: Test,
  { path }: Page,
  blocks: readonly string[],
  redis: string
): Promise<readonly Server[]> {
  const name = path.replace(/^docs.|\.md$/g, '').replaceAll('/', '-')
  return Promise.all(
    blocks.map(async (text, index) => {
      const out = await compile(`${name}-${index}`, { app: withoutListening(text, redis) })
      const module = (await import(pathToFileURL(join(out, 'app.js')).href)) as Module
      if (module.client) t.teardown(() => module.client?.destroy())
      if (typeof module.app === 'function') return byHttp(t, module.app)
      t.teardown(() => (module.app as FastifyInstance).close())
      return byInject(module.app)
    })
  )
}

function withoutListening(text: string, redis: string): string {
  const names = text.includes('const client') ? 'app, client' : 'app'
  return `${text.replace(/^(await )?app\.listen\(.*\)$/m, '').replace("'redis://localhost:6379'", `'${redis}'`)}\nexport { ${names} }\n`
}
