/**
 * Who is measured, by where the data is kept. `is` says what it is, `as` which function of contestants/ makes it,
 * `needs` which engine, `go` which store of the Go server, `plot` its name in the plot. With 512 visitors, none of whom
 * comes again before all others did, nothing that a contestant remembers of earlier requests helps it.
 */
export const groups = {
  cookie: {
    floor: {
      plot: 'floor',
      is: 'the least an encrypted cookie can cost: cut out, opened with libsodium, JSON, sealed, one header'
    },
    ownCookie: { plot: 'fastify-sessions', is: 'fastify-sessions, cookie store' },
    ownCookie2: { is: 'fastify-sessions, two sessions on the cookie store' },
    ownCookie4: { is: 'fastify-sessions, four sessions on the cookie store' },
    ownUnchecked: { is: 'fastify-sessions, cookie store, a schema that lets everything through' },
    ownForeign1: { as: 'ownCookie', foreignCookies: 1, is: 'fastify-sessions, cookie store, one foreign cookie' },
    ownForeign40: { as: 'ownCookie', foreignCookies: 40, is: 'fastify-sessions, cookie store, 40 foreign cookies' },
    secureSession: { plot: '@fastify/secure-session', is: '@fastify/secure-session' },
    floorMany: { as: 'floor', visitors: 512, is: 'the floor, 512 visitors in turn' },
    ownCookieMany: {
      plot: 'fastify-sessions, 512 visitors',
      as: 'ownCookie',
      visitors: 512,
      is: 'fastify-sessions, cookie store, 512 visitors in turn'
    },
    secureSessionMany: { as: 'secureSession', visitors: 512, is: '@fastify/secure-session, 512 visitors in turn' },
    ironSession: { plot: 'iron-session', is: 'iron-session' },
    cookieSession: { plot: 'cookie-session (signed only)', is: 'cookie-session on Express (signed, not encrypted)' },
    goCookie: { go: 'cookie', is: 'gorilla/sessions on Go net/http, cookie store with both keys' },
    goCookieMany: {
      go: 'cookie',
      visitors: 512,
      is: 'gorilla/sessions on Go net/http, cookie store with both keys, 512 visitors in turn'
    }
  },
  memory: {
    ownMemory: { plot: 'fastify-sessions', is: 'fastify-sessions, memory store' },
    fastifySessionMemory: { plot: '@fastify/session', is: '@fastify/session, memory store' },
    ownMemoryMany: {
      plot: 'fastify-sessions, 512 visitors',
      as: 'ownMemory',
      visitors: 512,
      is: 'fastify-sessions, memory store, 512 visitors in turn'
    },
    fastifySessionMemoryMany: {
      as: 'fastifySessionMemory',
      visitors: 512,
      is: '@fastify/session, memory store, 512 visitors in turn'
    },
    expressSessionMemory: { plot: 'express-session', is: 'express-session on Express, memory store' }
  },
  file: {
    ownFile: { plot: 'fastify-sessions', is: 'fastify-sessions, file store' },
    expressSessionFile: { plot: 'session-file-store', is: 'express-session on Express with session-file-store' },
    goFile: { go: 'file', is: 'gorilla/sessions on Go net/http, file store' }
  },
  database: {
    ownSqlite: { plot: 'fastify-sessions, SQLite', is: 'fastify-sessions, SQLite (libsql, WAL)' },
    ownRedis: { plot: 'fastify-sessions, Redis', needs: 'REDIS_URL', is: 'fastify-sessions, Redis (node-redis)' },
    ownPostgres: {
      plot: 'fastify-sessions, PostgreSQL',
      needs: 'POSTGRES_URL',
      is: 'fastify-sessions, PostgreSQL (pg)'
    },
    fastifySessionRedis: {
      plot: '@fastify/session, Redis',
      needs: 'REDIS_URL',
      is: '@fastify/session with connect-redis'
    },
    expressSessionRedis: {
      plot: 'express-session, Redis',
      needs: 'REDIS_URL',
      is: 'express-session on Express with connect-redis'
    }
  }
}

export const contestants = Object.assign({}, ...Object.values(groups))
