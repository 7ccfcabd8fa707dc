/** A connected client for the engine at REDIS_URL, which may be stopped before its client is. */
export async function redisClient() {
  const { createClient } = await import('redis')
  const client = createClient({ url: process.env.REDIS_URL })
  client.on('error', () => {})
  return client.connect()
}
