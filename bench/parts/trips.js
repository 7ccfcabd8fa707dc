/**
 * `node trips.js`: round trips to the engine per request, counted at a door before it. Under `one` and `four` stand
 * reading and writing with that many sessions in a request.
 */
import { countingDoor } from '../../dist/test/servers/trips.js'
import { fastifySessionRedis, ownPostgres, ownPostgres4, ownRedis, ownRedis4 } from '../contestants/fastify.js'
import { startEngines } from '../engines.js'

const stopEngines = await startEngines()
const results = {}
for (const [engine, variable, makers] of [
  ['redis', 'REDIS_URL', { one: ownRedis, four: ownRedis4, peer: fastifySessionRedis }],
  ['postgres', 'POSTGRES_URL', { one: ownPostgres, four: ownPostgres4 }]
]) {
  // startEngines() has said why.
  if (!process.env[variable]) continue
  const url = new URL(process.env[variable])
  const door = await countingDoor({ host: url.hostname, port: Number(url.port) })
  url.host = `${door.host}:${door.port}`
  process.env[variable] = url.href
  results[engine] = {}
  for (const [as, make] of Object.entries(makers)) results[engine][as] = await tripsOf(await make(), door)
  await door.close()
}
await stopEngines()
process.stdout.write(JSON.stringify(results), () => process.exit())

async function tripsOf(app, door) {
  const cookies = (await app.inject('/start')).cookies.map(({ name, value }) => `${name}=${value}`)
  const headers = { cookie: cookies.join('; ') }
  const trips = {}
  for (const route of ['/none', '/read', '/write', '/none', '/read', '/write']) {
    door.trips()
    const { statusCode } = await app.inject({ url: route, headers })
    if (statusCode !== 200) throw new Error(`${route}: ${statusCode}`)
    // The first time, an engine may have to be told of scripts and statements.
    trips[route] = door.trips()
  }
  return trips
}
