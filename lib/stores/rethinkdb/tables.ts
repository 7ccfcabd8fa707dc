import { attempts, done } from '../internal/attempts.js'
import type { Database, Query, Run } from './query.js'

/**
 * Returns the database in which there are several tables of one name, if the error says so. RethinkDB checks that a
 * table does not exist and creates it in two steps. So clients that do so at the same time, or through servers that do
 * not know of each other's table yet, may each create one. Every query that names the table is refused from then on.
 */
export function ambiguousIn(error: unknown): string | undefined {
  return error instanceof Error ? /Table `([^`.]+)\.[^`]+` is ambiguous/.exec(error.message)?.[1] : undefined
}

/**
 * Unites several tables of the same name. A client keeps the table with the smallest id, renames the others, moves
 * their documents and drops them. Any number of clients may do so at the same time.
 *
 * @throws Error when other clients have created yet another table each time
 */
export async function unite(r: Query, run: Run, db: string, name: string): Promise<void> {
  const config = r.db('rethinkdb').table('table_config')
  const spares = new Set<string>()
  const uniteOnce = async () => {
    const tables = (await run(config.filter({ db, name }))) as readonly { readonly id: string }[]
    const [, ...others] = tables.map(({ id }) => id).sort()
    for (const id of others) {
      const spare = `${name.slice(0, longestName - id.length - 1)}_${id.replaceAll('-', '_')}`
      await run(config.filter({ id, name }).update({ name: spare }))
      spares.add(spare)
    }
    return (await areMoved(spares, r.db(db), name, run)) ? done(undefined) : undefined
  }
  await attempts(`rethinkdb store: making one table "${name}" of several`, uniteOnce, mostUnions)
}

/** How often to unite tables, since another client may have created one more each time. */
export const mostUnions = 20

/** The longest name of a table, in characters. */
const longestName = 127

/** Moves the documents of the renamed tables and drops these. `false`: there are several tables of the name again. */
async function areMoved(spares: Set<string>, db: Database, name: string, run: Run): Promise<boolean> {
  for (const spare of spares) {
    try {
      await run(db.table(name).insert(db.table(spare), { conflict: 'error' }))
      await run(db.tableDrop(spare))
    } catch (error) {
      if (ambiguousIn(error) !== undefined) return false
      // Otherwise another client was faster to move and drop it.
      if (!(error instanceof Error && /does not exist/.test(error.message))) throw error
    }
    spares.delete(spare)
  }
  return true
}
