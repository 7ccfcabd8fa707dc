import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { html } from '../html.js'
import { sendPage } from '../page.js'
import { checkPassword, demoUsers } from '../users.js'

const MONTH = 30 * 24 * 60 * 60

const SignIn = z.object({ name: z.string(), password: z.string().max(200), remember: z.literal('on').optional() })

export async function account(app: FastifyInstance): Promise<void> {
  app.get('/sign-in', async (request, reply) =>
    sendPage(
      request,
      reply,
      'Sign in',
      html`<h1>Sign in</h1>
<form class="panel" method="post" action="/sign-in">
  <label>Name <input name="name" autocomplete="username" required></label>
  <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <label class="check"><input type="checkbox" name="remember"> Remember me for 30 days</label>
  <button>Sign in</button>
</form>
<p class="row soft">For a try: ${demoUsers.map(({ name, password }) => `${name} / ${password}`).join(', ')}</p>`
    )
  )

  app.post('/sign-in', async (request, reply) => {
    const form = SignIn.safeParse(request.body)
    if (!form.success || !checkPassword(form.data.name, form.data.password)) {
      request.session('prefs').flash('error', 'Name and password do not match.')
      return reply.redirect('/sign-in', 303)
    }
    const { name, remember } = form.data
    const login = request
      .session('login')
      .regenerate()
      .identify(name)
      .persist(remember ? MONTH : false)
    login.set('user', name).set('device', deviceOf(request)).set('since', new Date())
    request.session('prefs').flash('notice', `Welcome, ${name}.`)
    return reply.redirect('/', 303)
  })

  app.post('/sign-out', async (request, reply) => {
    request.session('login').destroy()
    request.session('prefs').flash('notice', 'You are signed out.')
    return reply.redirect('/', 303)
  })

  app.get('/account', async (request, reply) => {
    const login = request.session('login')
    if (login.subject === undefined) return reply.redirect('/sign-in', 303)
    const sessions = await app.sessions.of(login.subject)
    const rows = sessions.map(
      ({ id, data, createdAt, usedAt, persistent }) => html`<tr>
<td>${String(data?.['device'] ?? 'Unknown device')} ${id === login.id && html`<span class="tag">this one</span>`} ${persistent && html`<span class="tag">remembered</span>`}</td>
<td class="wide">${when(createdAt)}</td><td>${when(usedAt)}</td>
<td class="number"><form method="post" action="/sessions/${id}/end"><button class="quiet">End</button></form></td></tr>`
    )
    return sendPage(
      request,
      reply,
      'Account',
      html`<h1>Hello, ${login.get('user')}</h1>
<p class="soft">You are signed in on these devices:</p>
<table id="sessions"><thead><tr><th>Device</th><th class="wide">Since</th><th>Last used</th><th></th></tr></thead><tbody>${rows}</tbody></table>
<div class="row">
  <form method="post" action="/sign-out"><button>Sign out</button></form>
  <form method="post" action="/sign-out-elsewhere"><button class="quiet">Sign out everywhere else</button></form>
  <form method="post" action="/sign-out-everywhere"><button class="quiet">Sign out everywhere</button></form>
</div>`
    )
  })

  app.post('/sign-out-elsewhere', async (request, reply) => {
    const login = request.session('login')
    const ended = login.subject === undefined ? 0 : await app.sessions.revoke(login.subject, { except: login })
    request.session('prefs').flash('notice', `Ended ${ended} other ${ended === 1 ? 'session' : 'sessions'}.`)
    return reply.redirect('/account', 303)
  })

  app.post('/sign-out-everywhere', async (request, reply) => {
    const login = request.session('login')
    if (login.subject !== undefined) await app.sessions.revoke(login.subject)
    login.destroy()
    request.session('prefs').flash('notice', 'You are signed out everywhere.')
    return reply.redirect('/', 303)
  })

  app.post<{ Params: { id: string } }>('/sessions/:id/end', async (request, reply) => {
    const { subject } = request.session('login')
    if (subject !== undefined) await app.sessions.revoke(subject, { only: request.params.id })
    request.session('prefs').flash('notice', 'That session is ended.')
    return reply.redirect('/account', 303)
  })
}

function when(date: Date): string {
  return date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
}

/** "Chrome on Linux": enough to recognise one's own devices by. */
function deviceOf(request: FastifyRequest): string {
  const agent = request.headers['user-agent'] ?? ''
  const browser = /(Firefox|Edg|OPR|Chrome|Safari|curl)/.exec(agent)?.[1] ?? 'A browser'
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(agent)?.[1]
  return system === undefined ? browser : `${browser} on ${system}`
}
