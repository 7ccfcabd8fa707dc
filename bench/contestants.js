/**
 * Who is measured, by where the data is kept. `is` says what it is, `as` which function of contestants/ makes it,
 * `needs` which engine, `go` which store of the Go server, `plot` its name in the plot. Each has 512 visitors, none of whom
 * comes again before all others did, so that nothing that is remembered of earlier requests helps; `visitors` says where
 * there are others. Those that are compared stand side by side, since the machine may be slower a minute later.
 */
const FEW = { visitors: 16 }

export const groups = {
  cookie: {
    floor: {
      plot: 'floor',
      is: 'the least an encrypted cookie can cost: cut out, opened with libsodium, JSON, sealed, one header'
    },
    ownCookie: { plot: 'fastify-sessions', is: 'fastify-sessions, cookie store' },
    secureSession: { plot: '@fastify/secure-session', is: '@fastify/secure-session' },
    goCookie: { go: 'cookie', is: 'gorilla/sessions on Go net/http, cookie store with both keys' },
    ownCookie2: { is: 'fastify-sessions, two sessions on the cookie store' },
    ownCookie4: { is: 'fastify-sessions, four sessions on the cookie store' },
    ownUnchecked: { is: 'fastify-sessions, cookie store, a schema that lets everything through' },
    ownForeign1: { as: 'ownCookie', foreignCookies: 1, is: 'fastify-sessions, cookie store, one foreign cookie' },
    ownForeign40: { as: 'ownCookie', foreignCookies: 40, is: 'fastify-sessions, cookie store, 40 foreign cookies' },
    ironSession: { plot: 'iron-session', is: 'iron-session' },
    cookieSession: { plot: 'cookie-session (signed only)', is: 'cookie-session on Express (signed, not encrypted)' },
    floorFew: { ...FEW, as: 'floor', is: 'the floor, 16 visitors' },
    ownCookieFew: {
      ...FEW,
      plot: 'fastify-sessions, 16 visitors',
      as: 'ownCookie',
      is: 'fastify-sessions, cookie store, 16 visitors'
    },
    secureSessionFew: { ...FEW, as: 'secureSession', is: '@fastify/secure-session, 16 visitors' },
    goCookieFew: { ...FEW, go: 'cookie', is: 'gorilla/sessions on Go net/http, cookie store, 16 visitors' }
  },
  memory: {
    ownMemory: { plot: 'fastify-sessions', is: 'fastify-sessions, memory store' },
    fastifySessionMemory: { plot: '@fastify/session', is: '@fastify/session, memory store' },
    expressSessionMemory: { plot: 'express-session', is: 'express-session on Express, memory store' },
    ownMemoryFew: {
      ...FEW,
      plot: 'fastify-sessions, 16 visitors',
      as: 'ownMemory',
      is: 'fastify-sessions, memory store, 16 visitors'
    },
    fastifySessionMemoryFew: {
      ...FEW,
      as: 'fastifySessionMemory',
      is: '@fastify/session, memory store, 16 visitors'
    }
  },
  file: {
    ownFile: { plot: 'fastify-sessions', is: 'fastify-sessions, file store' },
    expressSessionFile: { plot: 'session-file-store', is: 'express-session on Express with session-file-store' },
    goFile: { go: 'file', is: 'gorilla/sessions on Go net/http, file store' },
    ownFileFew: { ...FEW, as: 'ownFile', is: 'fastify-sessions, file store, 16 visitors' },
    expressSessionFileFew: {
      ...FEW,
      as: 'expressSessionFile',
      is: 'express-session on Express with session-file-store, 16 visitors'
    },
    goFileFew: { ...FEW, go: 'file', is: 'gorilla/sessions on Go net/http, file store, 16 visitors' }
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
