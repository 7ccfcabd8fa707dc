import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SubjectSession } from 'fastify-sessions'
import { type Html, html } from '../html.js'
import { sendPage } from '../page.js'
import { ago, agoInWords } from '../time.js'

export async function account(app: FastifyInstance): Promise<void> {
  app.addHook('preHandler', onlySignedIn)

  app.get('/account', async (request, reply) => {
    const login = request.session('login')
    const sessions = await app.sessions.of(subjectOf(request))
    const others = sessions.filter(({ id }) => id !== login.id)
    const body = html`<h1>Hello, ${login.get('user')}</h1>
<p class="soft">You are signed in on ${devices(sessions.length)}.</p>
<ul class="list" id="sessions">
  ${sessions.filter(({ id }) => id === login.id).map(thisRow)}
  ${others.map(otherRow)}
</ul>
<div class="row">
  ${others.length > 0 && html`<form method="post" action="/sign-out-elsewhere"><button class="quiet">Sign out everywhere else</button></form>`}
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
    request.session('checkout').destroy()
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

/** Returns the user. The guard `onlySignedIn` ensures that there is one. */
function subjectOf(request: FastifyRequest): string {
  return request.session('login').subject as string
}

function thisRow(session: SubjectSession): Html {
  return row(session, html`<b class="tag here">this one</b>`, 'in use now', '/sign-out')
}

function otherRow(session: SubjectSession): Html {
  return row(session, undefined, html`last used ${ago(session.usedAt)}`, `/sessions/${session.id}/end`)
}

function row(session: SubjectSession, tag: Html | undefined, use: Html | string, action: string): Html {
  const device = String(session.data?.['device'] ?? 'Unknown device')
  return html`<li class="row">
  <div class="grow">
    <h2>${device} ${tag} ${session.persistent && html`<b class="tag">remembered</b>`}</h2>
    <p class="soft">Signed in ${ago(session.createdAt)}, ${use}</p>
  </div>
  <form method="post" action="${action}">
    <button class="quiet" aria-label="Sign out: ${device}, signed in ${agoInWords(session.createdAt)}">Sign out</button>
  </form>
</li>`
}

function devices(count: number): string {
  return count === 1 ? 'one device' : `${count} devices`
}
