import { randomBytes } from 'node:crypto'
import { chmod, open } from 'node:fs/promises'
import type { Output } from './output.js'
import { UsageError } from './usage.js'

/** Makes a key of 32 random bytes: to standard output, or into an env file that nobody else can read. */
export async function keygen(output: Output, file: string | undefined, name = 'SESSION_KEY'): Promise<void> {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new UsageError(`keygen: --name: "${name}" is no name of a variable`)
  const key = randomBytes(32).toString('base64url')
  if (file === undefined) {
    output.result({ name, key }, () => [key])
    output.hint(`\nKeep it secret, as the variable ${name}, and give it to the plugin:\n  keys: [process.env.${name}]`)
    return
  }
  await write(file, name, key)
  output.result({ name, file }, () => [])
  output.hint(
    `${file} has ${name} now. Keep it out of version control, and start the app with:\n  node --env-file=${file} app.js`
  )
}

/** @throws UsageError when the file has the variable already: to replace a key signs everybody out */
async function write(file: string, name: string, key: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const present = await handle.readFile('utf8')
    if (new RegExp(`^\\s*(export\\s+)?${name}\\s*=`, 'm').test(present)) {
      throw new UsageError(
        `keygen: ${file} has ${name} already: to replace it signs everybody out. Write --name ${name}_2, and put it first in keys`
      )
    }
    await chmod(file, 0o600)
    const start = present === '' || present.endsWith('\n') ? '' : '\n'
    await handle.appendFile(`${start}${name}=${key}\n`)
  } finally {
    await handle.close()
  }
}
