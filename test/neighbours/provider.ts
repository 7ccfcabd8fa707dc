import formbody from '@fastify/formbody'
import Fastify from 'fastify'
import type { Test } from 'tap'

/** Starts an OAuth 2 provider (RFC 6749) at which every user is ada, and consents. Resolves to its address. */
export async function startProvider(t: Test): Promise<string> {
  const provider = Fastify()
  t.teardown(() => provider.close())
  await provider.register(formbody)
  const challenges = new Map<string, string | undefined>()
  provider.get('/authorize', async (request, reply) => {
    const { redirect_uri: target = '', state = '', code_challenge: challenge } = request.query as Record<string, string>
    const code = `code-${challenges.size}`
    challenges.set(code, challenge)
    return reply.redirect(`${target}?${new URLSearchParams({ code, state })}`)
  })
  provider.post('/token', async (request, reply) => {
    const { code = '', code_verifier: verifier } = request.body as Record<string, string>
    const isKnown = challenges.has(code) && (challenges.get(code) === undefined) === (verifier === undefined)
    challenges.delete(code)
    if (!isKnown) return reply.code(400).send({ error: 'invalid_grant' })
    return { access_token: 'token-of-ada', token_type: 'Bearer' }
  })
  return provider.listen({ port: 0, host: '127.0.0.1' })
}
