import { attempts, done } from '../internal/attempts.js'
import type { Database, Query, Run } from './query.js'

/**
 * RethinkDB checks that there is no such table and makes it in two steps: clients that ask at the same time, or of
 * servers that have not heard of each other's, get one each. Every query that names the table is refused from then on.
 *
 * @returns the database in which there are several tables of the name, if that is what the error says.
 */
export function ambiguousIn(error: unknown): string | undefined {
  return error instanceof Error ? /Table `([^`.]+)\.[^`]+` is ambiguous/.exec(error.message)?.[1] : undefined
}

/**
 * Makes one table of several that have the same name: whoever does it keeps the one with the smallest id, gives the
 * others a name of their own, moves what they hold and drops them. Any number of clients may be about it at once.
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

/** How often to make one table of several: each time, another client has made one more. */
export const mostUnions = 20

/** Of a table, in characters. */
const longestName = 127

/** `false`: there are several tables of the name again. */
async function areMoved(spares: Set<string>, db: Database, name: string, run: Run): Promise<boolean> {
  for (const spare of spares) {
    try {
      await run(db.table(name).insert(db.table(spare), { conflict: 'error' }))
      await run(db.tableDrop(spare))
    } catch (error) {
      if (ambiguousIn(error) !== undefined) return false
      // Else another client was quicker to move and drop it.
      if (!(error instanceof Error && /does not exist/.test(error.message))) throw error
    }
    spares.delete(spare)
  }
  return true
}
