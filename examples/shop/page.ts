import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Html, html } from './html.js'
import { home } from './paths.js'
import { icons } from './pictures.js'

const css = readFileSync(join(home, 'style.css'), 'utf8')
const cssPath = `/style-${createHash('sha256').update(css).digest('base64url').slice(0, 8)}.css`

/** A page may show nothing but itself, run no scripts, and send its forms nowhere else. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const LOGO = `data:image/svg+xml,${encodeURIComponent(icons.logo.text)}`

interface Frame {
  readonly title: string
  readonly body: Html
  readonly theme?: string
  readonly nav?: Html
  readonly messages?: readonly (Html | undefined)[]
}

/** Answers with a page: its frame, the messages that wait to be read, and the body. */
export function sendPage(reply: FastifyReply, title: string, body: Html): FastifyReply {
  const { request } = reply
  const prefs = request.session('prefs')
  return send(reply, {
    title,
    body,
    theme: prefs.get('theme'),
    nav: navigation(request),
    messages: [
      endNotice(request),
      ...prefs.flashes('notice').map((text) => html`<p class="flash row" role="status">${icons.tick} ${text}</p>`),
      ...prefs.flashes('error').map((text) => html`<p class="flash error row" role="alert">${icons.stop} ${text}</p>`)
    ]
  })
}

/** A page that needs no session. */
export function sendBarePage(reply: FastifyReply, title: string, body: Html): FastifyReply {
  return send(reply, { title, body })
}

export async function styles(app: FastifyInstance): Promise<void> {
  app.get(cssPath, { config: { sessions: false } }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=31536000, immutable').send(css)
  )
}

function send(reply: FastifyReply, frame: Frame): FastifyReply {
  return (
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      // Going back after signing out must not bring up what was to be seen before.
      .header('cache-control', 'no-store')
      .send(render(frame).text)
  )
}

function render({ title, body, theme = 'light', nav, messages }: Frame): Html {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${theme}">
<title>${title} · Corner shop</title>
<link rel="icon" href="${LOGO}">
<link rel="stylesheet" href="${cssPath}">
<header><div class="frame row">
  <a class="skip button" href="#main">Skip to the content</a>
  <a class="brand row" href="/">${icons.logo} Corner shop</a>
  ${nav}
</div></header>
<main id="main" class="frame">
${messages}
${body}
</main>
<footer><div class="frame grid">
  <p><b>Cart</b> A record in a file, begun with the page and named by a sealed id in a cookie. Add things in two tabs at once: nothing is lost.</p>
  <p><b>Preferences</b> Encrypted in the cookie itself, and messages with them. The server keeps nothing. “Add” saves both sessions at once.</p>
  <p><b>Sign-in</b> In a file again, and tied to a user: your account lists your sessions and ends them.</p>
  <p><b>Forms</b> Work without scripts. From another site they come without these cookies (SameSite=Lax), and are refused.</p>
</div></footer>
</html>`
}

function navigation(request: FastifyRequest): Html {
  const count = Object.values(request.session('cart').get('items')).reduce((sum, quantity) => sum + quantity, 0)
  const user = request.session('login').get('user')
  const link = (path: string, content: Html) =>
    html`<a class="row" href="${path}"${request.url === path && html` aria-current="page"`}>${content}</a>`
  return html`<nav aria-label="Main">
    ${link('/cart', html`${icons.cart} <span>Cart</span> <b class="tag" id="cart-count">${count}</b>`)}
    ${link('/preferences', html`${icons.sliders} <span>Preferences</span>`)}
    ${user === undefined ? link('/sign-in', html`${icons.person} <span>Sign in</span>`) : link('/account', html`${icons.person} <span>${user}</span>`)}
  </nav>`
}

/** Said once: `destroy()` makes the browser forget the cookie that gave no session. */
function endNotice(request: FastifyRequest): Html | undefined {
  const login = request.session('login')
  const { problem } = login
  if (problem === undefined) return undefined
  login.destroy()
  const why =
    problem === 'gone' || problem === 'expired'
      ? 'Your session has expired, or was ended from another device.'
      : 'Your session could not be opened.'
  return html`<p class="flash error row" role="status">${icons.stop} <span>${why} Please <a href="/sign-in">sign in</a> again.</span></p>`
}
