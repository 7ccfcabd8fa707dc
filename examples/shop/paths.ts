import { join } from 'node:path'

/** The folder of the shop's sources, relative to the compiled file. */
export const home = join(import.meta.dirname, '../../../examples/shop')
