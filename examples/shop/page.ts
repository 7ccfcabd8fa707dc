import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Html, html } from './html.js'
import { style } from './style.js'

/** Answers with a page: its frame, the messages that wait to be read, and the body. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, title: string, body: Html): FastifyReply {
  const prefs = request.session('prefs')
  const count = Object.values(request.session('cart').get('items')).reduce((sum, quantity) => sum + quantity, 0)
  const page = html`<!doctype html>
<html lang="en" data-theme="${prefs.get('theme')}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Corner shop</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<header><div>
  <strong><a href="/">Corner shop</a></strong>
  <nav aria-label="Main">
    <a href="/cart">Cart <b id="cart-count">${count}</b></a>
    <a href="/preferences">Preferences</a>
    ${accountLink(request)}
  </nav>
</div></header>
<main>
${expiredNotice(request)}
${prefs.flashes('notice').map((message) => html`<p class="flash" role="status">${message}</p>`)}
${prefs.flashes('error').map((message) => html`<p class="flash error" role="alert">${message}</p>`)}
${body}
</main>
</html>`
  return reply.type('text/html; charset=utf-8').send(page.text)
}

export function stylesheet(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=3600').send(style)
}

function accountLink(request: FastifyRequest): Html {
  const user = request.session('login').get('user')
  return user === undefined ? html`<a href="/sign-in">Sign in</a>` : html`<a href="/account">${user}</a>`
}

/** Said once: `destroy()` makes the browser forget the cookie that gave no session. */
function expiredNotice(request: FastifyRequest): Html | undefined {
  const login = request.session('login')
  if (login.problem === undefined) return undefined
  login.destroy()
  return html`<p class="flash error" role="status">Your session has expired. Please <a href="/sign-in">sign in</a> again.</p>`
}
