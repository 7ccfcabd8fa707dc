import { StoreConfigError } from '../../errors.js'

/** The names of the table and its index, quoted for use in statements. */
export interface TableNames {
  readonly table: string
  readonly index: string
}

/**
 * Quotes the name of a table, which can't be a parameter, and derives the name of its index.
 *
 * @throws StoreConfigError unless the name consists of letters, digits and underscores, with or without a schema.
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

/** A name's length leaves room for the index's name within PostgreSQL's 63 bytes. */
const name = /^(?:[a-z_][a-z0-9_]{0,47}\.)?[a-z_][a-z0-9_]{0,47}$/i
