import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SubjectSession } from 'fastify-sessions'
import { type Html, html } from '../html.js'
import { sendPage } from '../page.js'
import { ago } from '../time.js'

export async function account(app: FastifyInstance): Promise<void> {
  app.addHook('preHandler', onlySignedIn)

  app.get('/account', async (request, reply) => {
    const login = request.session('login')
    const sessions = await app.sessions.of(subjectOf(request))
    const body = html`<h1>Hello, ${login.get('user')}</h1>
<p class="soft">You are signed in on ${devices(sessions.length)}.</p>
<ul class="list" id="sessions">${sessions.map((session) => row(session, session.id === login.id))}</ul>
<div class="row">
  ${sessions.length > 1 && html`<form method="post" action="/sign-out-elsewhere"><button>Sign out everywhere else</button></form>`}
  <form method="post" action="/sign-out-everywhere"><button class="quiet">Sign out everywhere</button></form>
</div>`
    return sendPage(reply, 'Account', body)
  })

  app.post('/sign-out-elsewhere', async (request, reply) => {
    const ended = await app.sessions.revoke(subjectOf(request), { except: request.session('login') })
    request.session('prefs').flash('notice', ended === 0 ? 'There was no other.' : `Signed out on ${devices(ended)}.`)
    return reply.redirect('/account', 303)
  })

  app.post('/sign-out-everywhere', async (request, reply) => {
    await app.sessions.revoke(subjectOf(request))
    request.session('login').destroy()
    request.session('prefs').flash('notice', 'You are signed out everywhere.')
    return reply.redirect('/', 303)
  })

  app.post<{ Params: { id: string } }>('/sessions/:id/end', async (request, reply) => {
    const ended = await app.sessions.revoke(subjectOf(request), { only: request.params.id })
    request.session('prefs').flash('notice', ended === 0 ? 'That one had ended already.' : 'Signed out over there.')
    return reply.redirect('/account', 303)
  })
}

async function onlySignedIn(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.session('login').subject === undefined) await reply.redirect('/sign-in', 303)
}

/** Behind `onlySignedIn` there is one. */
function subjectOf(request: FastifyRequest): string {
  return request.session('login').subject as string
}

function row({ id, data, createdAt, usedAt, persistent }: SubjectSession, isThisOne: boolean): Html {
  const device = String(data?.['device'] ?? 'Unknown device')
  const label = isThisOne ? 'Sign out' : 'End this one'
  return html`<li class="row">
  <div class="grow">
    <h2>${device}</h2>
    <p class="soft">Signed in ${ago(createdAt)}, last used ${ago(usedAt)}</p>
    ${isThisOne && html`<b class="tag">this one</b>`} ${persistent && html`<b class="tag">remembered</b>`}
  </div>
  <form method="post" action="${isThisOne ? '/sign-out' : `/sessions/${id}/end`}">
    <button class="quiet" aria-label="${label}: ${device}">${label}</button>
  </form>
</li>`
}

function devices(count: number): string {
  return count === 1 ? 'one device' : `${count} devices`
}
