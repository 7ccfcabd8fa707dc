import type { connect as realConnect } from 'couchbase'
import { CouchbaseStandIn } from '../stand-ins/couchbase.js'

/** A cluster with one collection, of the interface that the package `couchbase` has. */
export const connect = (async () => ({
  bucket: () => ({ defaultCollection: () => new CouchbaseStandIn() })
})) as unknown as typeof realConnect
