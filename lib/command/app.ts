import { access } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance } from 'fastify'
import type { SessionsOptions } from '../../types/options.js'
import { registryOf } from '../definition/registries.js'
import type { Registry } from '../definition/registry.js'
import { fastifySessions } from '../plugin.js'
import { isObject } from '../util/objects.js'
import { UsageError } from './usage.js'

/** The app whose sessions a command is about. */
export interface Opened {
  readonly app: FastifyInstance
  readonly registry: Registry
}

const USUAL = ['sessions.js', 'sessions.mjs', 'sessions.ts']

/**
 * Starts an app with the options of a module, or the app that it exports; nothing listens.
 * @param envFile of variables that are to be set before the module is read
 * @throws UsageError when there is no such module, or it exports neither
 */
export async function open(path: string | undefined, envFile: string | undefined): Promise<Opened> {
  if (envFile !== undefined) setVariables(envFile)
  const file = path === undefined ? await usual() : resolve(path)
  const module = await load(file)
  const app = (await appIn(module)) ?? (await appWith(optionsIn(module, file)))
  await app.ready()
  const registry = app.hasDecorator('sessions') ? registryOf(app.sessions) : undefined
  if (registry === undefined) {
    await app.close()
    throw new UsageError(`${file}: its app has not registered this copy of fastify-sessions`)
  }
  return { app, registry }
}

/** As `--env-file` of Node does, which NODE_OPTIONS does not take, and which Node 20 looks for behind the script as well. */
function setVariables(envFile: string): void {
  try {
    process.loadEnvFile(envFile)
  } catch (error) {
    throw new UsageError(`--env: ${envFile} can't be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}

async function usual(): Promise<string> {
  for (const name of USUAL) {
    const isThere = await access(name).then(
      () => true,
      () => false
    )
    if (isThere) return resolve(name)
  }
  throw new UsageError(`where are the options? Write --options ./sessions.js; there is no ${USUAL.join(', ')} here`)
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string }
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && extname(file).includes('ts')) {
      const remedy = 'Node reads TypeScript from 22.18 on; compile it, or add --import tsx to NODE_OPTIONS'
      throw new UsageError(`${file}: ${remedy}`)
    }
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${file}'`)) throw new UsageError(`there is no ${file}`)
    throw error
  }
}

async function appIn(module: Readonly<Record<string, unknown>>): Promise<FastifyInstance | undefined> {
  for (const name of ['app', 'default']) {
    const exported = await module[name]
    if (typeof exported === 'object' && exported !== null && 'inject' in exported) return exported as FastifyInstance
  }
  return undefined
}

function optionsIn(module: Readonly<Record<string, unknown>>, file: string): SessionsOptions {
  for (const exported of [module['options'], module['default']]) {
    if (isObject(exported) && 'keys' in exported && 'sessions' in exported)
      return exported as unknown as SessionsOptions
  }
  throw new UsageError(`${file}: expected it to export the options as "options" or by default, or the app as "app"`)
}

/** Without a timer that sweeps: a command is over soon. */
async function appWith(options: SessionsOptions): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifySessions, { ...options, sweepInterval: 0 })
  return app
}
