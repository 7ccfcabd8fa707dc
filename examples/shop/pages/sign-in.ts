import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { deviceOf } from '../device.js'
import { type Html, html } from '../html.js'
import { sendPage } from '../page.js'
import { REMEMBERED } from '../sessions.js'
import { customers } from '../users.js'
import { demo, nameAndPassword, SignIn, signInRefused } from './sign-in-form.js'

const WithRemember = SignIn.extend({ remember: z.literal('on').optional() })

export async function signIn(app: FastifyInstance): Promise<void> {
  app.get('/sign-in', async (request, reply) => {
    if (request.session('login').subject !== undefined) return reply.redirect('/account', 303)
    return sendPage(reply, 'Sign in', signInPage(request.session('prefs').flashes('name').at(-1)))
  })

  app.post('/sign-in', async (request, reply) => {
    const form = WithRemember.safeParse(request.body)
    const user = form.success ? await customers.find(form.data.name, form.data.password) : undefined
    if (user === undefined) return signInRefused(request, reply, '/sign-in')
    const login = request.session('login')
    // A new id prevents session fixation: an attacker who has planted the old id in this browser is not signed in.
    login.regenerate().identify(user.name)
    login.persist(form.data?.remember ? REMEMBERED : false)
    login.set('user', user.fullName).set('device', deviceOf(request.headers['user-agent']))
    request.session('prefs').flash('notice', `Welcome, ${user.fullName}.`)
    return reply.redirect('/', 303)
  })

  app.post('/sign-out', async (request, reply) => {
    request.session('login').destroy()
    // The checkout holds an address, which the next user of this browser must not see.
    request.session('checkout').destroy()
    request.session('prefs').flash('notice', 'You are signed out.')
    return reply.redirect('/', 303)
  })
}

function signInPage(name: string | undefined): Html {
  return html`<h1>Sign in</h1>
${demo(customers)}
<form class="panel" method="post" action="/sign-in">
  ${nameAndPassword(name)}
  <label class="row"><input type="checkbox" name="remember"> Remember me for 30 days</label>
  <p class="soft">If not, you are signed out when the browser is closed, or after half an hour without a click.</p>
  <button>Sign in</button>
</form>`
}
