import { median } from './load.js'

/** Time per operation may grow with the number of sessions as the processor's caches demand, and not much more. */
const LEEWAY = 2

/**
 * What the plugin wants to cost, from the results of one version of Node. `requests` is what run.js measured, `parts`
 * what parts.js did. Each row has what was `measured`, in words, and whether that `isMet`; what was not measured has
 * neither, and keeps its row.
 */
export function targets(requests, parts) {
  const rows = []
  const at = (name, route) => requests.rows.find((row) => row.name === name)?.routes[route]
  const above = (name, route) => Math.max(0, at(name, route)?.above ?? Number.NaN)
  const us = (value) => `${value.toFixed(1)} µs`
  const add = (work, target, isMet, measured) => rows.push({ work, target, isMet, measured })
  const absent = (work, target) => rows.push({ work, target })
  const unlessNaN = (values, ...row) => (values.some(Number.isNaN) ? absent(row[0], row[1]) : add(...row))
  const ratio = (work, name, peer, route, most, { whole = false, as = peer } = {}) => {
    const row = [`${work}, ${route}`, `at most ${most} × ${as}`]
    const [own, other] = [at(name, route), at(peer, route)]
    if (own === undefined || other === undefined) return absent(...row)
    const key = whole ? 'cpu' : 'above'
    const factor = median(ratios(own.rounds[key], other.rounds[key]))
    add(...row, factor <= most, `${factor.toFixed(2)} × (${us(own[key])} against ${us(other[key])})`)
  }
  const data = ['/read', '/write']
  /** The most that /read and /write may cost. */
  const both = (work, name, peer, [read, write], options) => {
    ratio(work, name, peer, '/read', read, options)
    ratio(work, name, peer, '/write', write, options)
  }

  ratio('cookie store', 'ownCookie', 'secureSession', '/none', 0.15, { as: '@fastify/secure-session' })
  const none = above('ownCookie', '/none')
  unlessNaN([none], 'cookie store, /none', 'at most 2 µs', none <= 2, us(none))
  both('cookie store', 'ownCookie', 'floor', [1.1, 1], { as: 'the floor' })
  both('cookie store', 'ownCookie', 'secureSession', [0.75, 0.55], { as: '@fastify/secure-session' })
  both('memory store', 'ownMemory', 'fastifySessionMemory', [0.2, 0.3], { as: '@fastify/session' })
  both('file store', 'ownFile', 'expressSessionFile', [0.02, 0.1], { as: 'express-session with session-file-store' })
  both('whole request, cookie', 'ownCookie', 'goCookie', [0.6, 0.55], { whole: true, as: 'Go' })
  both('whole request, file', 'ownFile', 'goFile', [0.7, 0.7], { whole: true, as: 'Go' })
  for (const [engine, name] of Object.entries({ Redis: 'ownRedis', PostgreSQL: 'ownPostgres' })) {
    both(engine, name, 'fastifySessionRedis', [1, 1], { as: '@fastify/session with connect-redis' })
  }
  const peer = parts?.trips?.redis?.peer
  for (const [engine, key] of Object.entries({ Redis: 'redis', PostgreSQL: 'postgres' })) {
    const fewer = [`${engine}, round trips of /read and /write`, 'fewer than @fastify/session with connect-redis']
    const single = [`${engine}, four sessions`, 'one round trip to read, one to save']
    const { one, four } = parts?.trips?.[key] ?? {}
    if (one && peer) {
      const measured = `${one['/read']} and ${one['/write']} against ${peer['/read']} and ${peer['/write']}`
      add(...fewer, one['/read'] + one['/write'] < peer['/read'] + peer['/write'], measured)
    } else absent(...fewer)
    if (four) {
      const measured = `/read takes ${four['/read']}, /write ${four['/write']}`
      add(...single, four['/read'] === 1 && four['/write'] === 2, measured)
    } else absent(...single)
  }
  for (const [count, name] of [
    [2, 'ownCookie2'],
    [4, 'ownCookie4']
  ]) {
    for (const route of data) {
      const first = above('ownCookie', route)
      const further = (above(name, route) - first) / (count - 1)
      const measured = `${times(further, first)} (${us(further)} against ${us(first)})`
      unlessNaN(
        [further],
        `${count} cookie sessions, ${route}`,
        'each further at most 0.8 × the first',
        further <= 0.8 * first,
        measured
      )
    }
  }
  const foreign = above('ownForeign40', '/read') - above('ownForeign1', '/read')
  unlessNaN([foreign], '40 foreign cookies, /read', 'at most 2 µs more than with one', foreign <= 2, us(foreign))

  if (parts?.micro) add('zod check of the cart', 'at most 1.5 µs', parts.micro.check <= 1.5, us(parts.micro.check))
  else absent('zod check of the cart', 'at most 1.5 µs')
  const flat = ['memory store, read and eviction', `at most ${LEEWAY} × the growth of a plain Map’s get`]
  if (parts?.memoryTime) {
    const bySize = Object.values(parts.memoryTime)
    const growth = (operation) => bySize.at(-1)[operation] / bySize[0][operation]
    const [read, evict, plain] = ['read', 'evict', 'mapGet'].map(growth)
    const [least, most] = [Object.keys(parts.memoryTime)[0], Object.keys(parts.memoryTime).at(-1)].map(thousands)
    const measured = `${read.toFixed(1)} × and ${evict.toFixed(1)} × from ${least} to ${most}; Map: ${plain.toFixed(1)} ×`
    add(...flat, Math.max(read, evict) <= LEEWAY * plain, measured)
  } else absent(...flat)
  if (!parts?.memoryBytes) absent('memory store, bytes a session', 'at most half of @fastify/session’s')
  for (const [count, own] of Object.entries(parts?.memoryBytes?.own ?? {})) {
    const peer = parts.memoryBytes.peer[count]
    const measured = `${own} bytes against ${peer}`
    add(`memory store, ${thousands(count)} sessions`, 'at most half of @fastify/session’s', own <= peer / 2, measured)
  }
  if (parts?.file) {
    const { many, read, write, sweep } = parts.file
    for (const [operation, { active, any, bare }] of Object.entries({ read, write })) {
      const grown = ({ ratio, few, many }) =>
        `${ratio.toFixed(2)} × (${many.toFixed(1)} µs against ${few.toFixed(1)} µs)`
      const work = `file store, ${operation} at ${thousands(many)} records`
      const target = 'at most 1.3 × that of 1,000'
      add(`${work}, a thousand in use`, target, active.ratio <= 1.3, grown(active))
      add(
        `${work}, all in use`,
        target,
        any.ratio <= 1.3,
        `${grown(any)}; the same files without the store ${grown(bare)}`
      )
    }
    const measured = `${sweep.delay.max.toFixed(0)} ms at the most, ${sweep.delay.p99.toFixed(1)} at p99 (idle: ${sweep.idle.max.toFixed(0)} and ${sweep.idle.p99.toFixed(1)}), in ${sweep.seconds.toFixed(0)} s`
    add(`sweep of ${thousands(many)} files`, 'event-loop delay under 20 ms', sweep.delay.max < 20, measured)
  } else {
    for (const operation of ['read', 'write'])
      absent(`file store, ${operation} at many records`, 'at most 1.3 × that of 1,000')
    absent('sweep of as many files', 'event-loop delay under 20 ms')
  }
  if (parts?.start) {
    const { overBare, overZod } = parts.start
    const measured = `${overBare.ms.toFixed(0)} ms, ${overBare.mb.toFixed(1)} MB (${overZod.ms.toFixed(0)} and ${overZod.mb.toFixed(1)} without zod)`
    add('start', 'at most 80 ms and 15 MB more', overBare.ms <= 80 && overBare.mb <= 15, measured)
  } else absent('start', 'at most 80 ms and 15 MB more')
  if (parts?.size) {
    add('packed size', 'under 150 kB', parts.size.size < 150_000, `${(parts.size.size / 1000).toFixed(0)} kB`)
  } else absent('packed size', 'under 150 kB')
  footnote(both)
  return rows
}

/** What 16 visitors cost, of whom something is remembered when they come again. */
function footnote(both) {
  const few = (work, name, peer, most, options) =>
    both(`${work}, 16 visitors`, `${name}Few`, `${peer}Few`, most, options)
  few('cookie store', 'ownCookie', 'floor', [1.1, 1], { as: 'the floor' })
  few('cookie store', 'ownCookie', 'secureSession', [0.6, 0.55], { as: '@fastify/secure-session' })
  few('memory store', 'ownMemory', 'fastifySessionMemory', [0.2, 0.2], { as: '@fastify/session' })
  few('file store', 'ownFile', 'expressSessionFile', [0.02, 0.1], { as: 'express-session with session-file-store' })
  few('whole request, cookie', 'ownCookie', 'goCookie', [0.6, 0.55], { whole: true, as: 'Go' })
  few('whole request, file', 'ownFile', 'goFile', [0.7, 0.7], { whole: true, as: 'Go' })
}

/** One for each round, so that a slow phase of the machine cancels. */
function ratios(own, other) {
  return own.map((value, round) => Math.max(0, value) / Math.max(0, other[round]))
}

/** By how much, unless what it is compared with is too small to be measured. */
function times(own, other) {
  return other > 0 ? `${(own / other).toFixed(2)} ×` : '– ×'
}

export function thousands(count) {
  return Number(count).toLocaleString('en')
}
