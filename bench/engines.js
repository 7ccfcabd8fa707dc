/** Starts the engines that are installed here and not named by REDIS_URL or POSTGRES_URL; names them there. */
export async function startEngines() {
  const stops = []
  for (const [variable, start] of Object.entries(engines)) {
    if (process.env[variable]) continue
    try {
      const server = await start()
      process.env[variable] = server.url
      stops.push(server.stop)
    } catch (error) {
      process.stderr.write(`${variable} is not set, and: ${error.message}\n`)
    }
  }
  return async () => {
    for (const stop of stops) await stop()
  }
}

const engines = {
  REDIS_URL: async () => {
    const { startRedis } = await import('../dist/test/servers/redis.js')
    const server = await startRedis()
    return { url: server.url, stop: () => server.stop() }
  },
  POSTGRES_URL: async () => {
    const { startPostgres } = await import('../dist/test/servers/postgres.js')
    const server = await startPostgres()
    return { url: server.url, stop: () => server.stop() }
  }
}
