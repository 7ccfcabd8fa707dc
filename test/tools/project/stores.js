import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore, memoryStore } from 'fastify-sessions'
import { conformanceCases } from 'fastify-sessions/conformance'
import { redisStore } from 'fastify-sessions/stores/redis'
import { sqliteStore } from 'fastify-sessions/stores/sqlite'
import { Redis } from 'ioredis'

const folder = mkdtempSync(join(tmpdir(), 'stores-'))
const memory = memoryStore()
const redis = new Redis(process.env.REDIS_URL)
const { Bun, Deno } = globalThis

/** The SQLite that comes with the runtime. */
const Sqlite = Bun ? (await import('bun:sqlite')).Database : (await import('node:sqlite')).DatabaseSync

function openSqlite() {
  const client = new Sqlite(join(folder, 'sessions.db'))
  client.exec('PRAGMA journal_mode = WAL')
  return sqliteStore({ client })
}

const HARNESSES = {
  memory: { open: () => memory, lacks: ['setup'] },
  file: { open: () => fileStore({ directory: join(folder, 'files') }) },
  redis: { open: () => redisStore({ client: redis, prefix: `${folder}:` }), lacks: ['sweep'] },
  // Deno's node:sqlite gives a text back as far as its first U+0000. A record is JSON, which writes that as an escape.
  sqlite: { open: openSqlite, nul: Deno === undefined }
}

let kept = 0
for (const [name, harness] of Object.entries(HARNESSES)) {
  for (const { name: promise, skipped, run } of conformanceCases({ ...harness, rounds: 5 })) {
    if (skipped) continue
    await run().catch((cause) => {
      throw new Error(`${name}: ${promise}`, { cause })
    })
    kept++
  }
}
redis.disconnect()
rmSync(folder, { recursive: true })
console.log(`kept ${kept} promises`)
