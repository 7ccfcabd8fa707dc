import type { FastifyInstance } from 'fastify'

/** The user of the scenes, whom nobody else knows. */
export const USER = { name: 'demo', fullName: 'Demo User' } as const

/** Signs the demo user in and out, and tells who is there. */
export function addSignIn(app: FastifyInstance): void {
  app.post('/sign-in', async (request) => {
    const login = request.session('login').regenerate().identify(USER.name)
    login.set('user', USER.fullName).set('device', String(request.headers['user-agent']))
    return 'welcome'
  })
  app.post('/sign-out', async (request) => {
    request.session('login').destroy()
    return 'goodbye'
  })
  app.get('/who', async (request) => {
    const login = request.session('login')
    return login.get('user') ?? `nobody (${login.problem})`
  })
}
