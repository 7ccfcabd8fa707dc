import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { deviceOf } from '../device.js'
import { html } from '../html.js'
import { sendPage } from '../page.js'
import { REMEMBERED } from '../sessions.js'
import { demoUsers, findUser } from '../users.js'

const SignIn = z.object({ name: z.string(), password: z.string().max(200), remember: z.literal('on').optional() })

export async function signIn(app: FastifyInstance): Promise<void> {
  app.get('/sign-in', async (request, reply) => {
    if (request.session('login').subject !== undefined) return reply.redirect('/account', 303)
    return sendPage(reply, 'Sign in', signInForm)
  })

  app.post('/sign-in', async (request, reply) => {
    const form = SignIn.safeParse(request.body)
    const user = form.success ? await findUser(form.data.name, form.data.password) : undefined
    if (user === undefined) {
      request.session('prefs').flash('error', 'Name and password do not match.')
      return reply.redirect('/sign-in', 303)
    }
    const login = request.session('login')
    // A new id, so that whoever has planted the old one in this browser is left outside.
    login.regenerate().identify(user.name)
    login.persist(form.data?.remember ? REMEMBERED : false)
    login.set('user', user.fullName).set('device', deviceOf(request.headers['user-agent']))
    request.session('prefs').flash('notice', `Welcome, ${user.fullName}.`)
    return reply.redirect('/', 303)
  })

  app.post('/sign-out', async (request, reply) => {
    request.session('login').destroy()
    request.session('prefs').flash('notice', 'You are signed out.')
    return reply.redirect('/', 303)
  })
}

const signInForm = html`<h1>Sign in</h1>
<p class="soft">To try it: ${demoUsers.map(({ name, password }, index) => html`${index > 0 && ', or '}<b>${name}</b> with the password <b>${password}</b>`)}.</p>
<form class="panel" method="post" action="/sign-in">
  <label>Name <input class="field" name="name" autocomplete="username" autocapitalize="none" required></label>
  <label>Password <input class="field" name="password" type="password" autocomplete="current-password" required maxlength="200"></label>
  <label class="row"><input type="checkbox" name="remember"> Remember me for 30 days</label>
  <p class="soft">If not, you are signed out when the browser is closed, or after half an hour without a click.</p>
  <button>Sign in</button>
</form>`
