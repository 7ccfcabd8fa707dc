/** The part of the query language that the store uses (https://rethinkdb.com/api/javascript/). */
export interface Query {
  readonly minval: Term
  table(name: string, options?: { readMode: 'majority' }): Term
  tableList(): Term
  tableCreate(name: string): Term
  db(name: string): Database
  branch(...conditionsAndValues: unknown[]): Term
}

export interface Database {
  table(name: string): Term
  tableDrop(name: string): Term
}

export interface Term {
  (field: string): Term
  get(id: string): Term
  getAll(...ids: readonly string[]): Term
  filter(fields: object): Term
  insert(documents: Term, options: { conflict: 'error' }): Term
  update(fields: object): Term
  replace(change: (row: Term) => unknown): Term
  between(low: unknown, high: number, options: { index: string; rightBound: 'closed' }): Term
  limit(count: number): Term
  delete(): Term
  indexList(): Term
  indexCreate(field: string): Term
  indexWait(name: string): Term
  wait(): Term
  eq(value: unknown): Term
  gt(value: number): Term
  le(value: number): Term
  and(other: Term): Term
  merge(fields: object): Term
  run(connection?: unknown): Promise<unknown>
}

/** Sends a query. Rejects when there is no answer in time. */
export type Run = (query: Term) => Promise<unknown>
