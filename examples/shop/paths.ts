import { join } from 'node:path'

/** The folder of the shop's sources, seen from where the compiler puts this file. */
export const home = join(import.meta.dirname, '../../../examples/shop')
