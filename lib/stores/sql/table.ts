import { StoreConfigError } from '../../errors.js'

/** Names as they stand in statements, quoted. */
export interface TableNames {
  readonly table: string
  readonly index: string
}

/**
 * Quotes the name of a table, which can't be a parameter, and makes the name of its index from it.
 *
 * @throws StoreConfigError unless it is made of letters, digits and underscores, with or without a schema before it.
 */
export function tableNames(table: string, quote: '"' | '`'): TableNames {
  if (typeof table !== 'string' || !name.test(table)) {
    throw new StoreConfigError(
      'sql',
      `table must be a name of up to 48 letters, digits and underscores, with or without a schema (auth.sessions); it is ${JSON.stringify(table)}`
    )
  }
  const parts = table.split('.')
  const quoted = (part: string) => quote + part + quote
  return { table: parts.map(quoted).join('.'), index: quoted(`${parts.at(-1)}_expires`) }
}

/** Short enough for the index's name to stay within PostgreSQL's 63 bytes. */
const name = /^(?:[a-z_][a-z0-9_]{0,47}\.)?[a-z_][a-z0-9_]{0,47}$/i
