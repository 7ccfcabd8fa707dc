/**
 * Who is measured. `is` says what it is, `as` which function of contestants/ makes it, `needs` which engine, `go` which
 * store of the Go server.
 */
export const contestants = {
  floor: { is: 'the least an encrypted cookie can cost: cut out, opened with libsodium, JSON, sealed, one header' },
  ownCookie: { is: 'fastify-sessions, cookie store' },
  ownCookie2: { is: 'fastify-sessions, two sessions on the cookie store' },
  ownCookie4: { is: 'fastify-sessions, four sessions on the cookie store' },
  ownUnchecked: { is: 'fastify-sessions, cookie store, a schema that lets everything through' },
  ownForeign1: { as: 'ownCookie', foreignCookies: 1, is: 'fastify-sessions, cookie store, one foreign cookie' },
  ownForeign40: { as: 'ownCookie', foreignCookies: 40, is: 'fastify-sessions, cookie store, 40 foreign cookies' },
  floorMany: { as: 'floor', visitors: 512, is: 'the floor, 512 visitors in turn' },
  ownCookieMany: { as: 'ownCookie', visitors: 512, is: 'fastify-sessions, cookie store, 512 visitors in turn' },
  ownMemoryMany: { as: 'ownMemory', visitors: 512, is: 'fastify-sessions, memory store, 512 visitors in turn' },
  ownMemory: { is: 'fastify-sessions, memory store' },
  ownFile: { is: 'fastify-sessions, file store' },
  ownSqlite: { is: 'fastify-sessions, SQLite (libsql, WAL)' },
  ownRedis: { needs: 'REDIS_URL', is: 'fastify-sessions, Redis (node-redis)' },
  ownPostgres: { needs: 'POSTGRES_URL', is: 'fastify-sessions, PostgreSQL (pg)' },
  secureSession: { is: '@fastify/secure-session' },
  fastifySessionMemory: { is: '@fastify/session, memory store' },
  fastifySessionRedis: { needs: 'REDIS_URL', is: '@fastify/session with connect-redis' },
  ironSession: { is: 'iron-session' },
  cookieSession: { is: 'cookie-session on Express (signed, not encrypted)' },
  expressSessionMemory: { is: 'express-session on Express, memory store' },
  expressSessionFile: { is: 'express-session on Express with session-file-store' },
  expressSessionRedis: { needs: 'REDIS_URL', is: 'express-session on Express with connect-redis' },
  goCookie: { go: 'cookie', is: 'gorilla/sessions on Go net/http, cookie store with both keys' },
  goFile: { go: 'file', is: 'gorilla/sessions on Go net/http, file store' }
}
