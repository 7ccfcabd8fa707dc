import type { FastifyReply } from 'fastify'
import { script, style } from './assets.js'
import { type Html, html } from './html.js'
import { endNotice, flashes } from './messages.js'
import { navigation } from './navigation.js'
import { icons } from './pictures.js'

/** A page may only use the shop's own style and script, connect to the shop, and send its forms there. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'"
].join('; ')

const LOGO = `data:image/svg+xml,${encodeURIComponent(icons.logo.text)}`

/** The values of `color-scheme`. With `auto`, the browser chooses by the visitor's system settings. */
const SCHEMES = { auto: 'light dark', light: 'light', dark: 'dark' } as const

export interface Frame {
  readonly title: string
  readonly body: Html
  readonly theme?: keyof typeof SCHEMES
  readonly nav?: Html
  readonly messages?: readonly (Html | undefined)[]
}

/** Sends a page: the frame, the waiting flash messages, and the body. */
export function sendPage(reply: FastifyReply, title: string, body: Html): FastifyReply {
  const { request } = reply
  return sendFrame(reply, {
    title,
    body,
    theme: request.session('prefs').get('theme'),
    nav: navigation(request),
    messages: [endNotice(request.session('login'), '/sign-in', request.url), ...flashes(request)]
  })
}

/** Sends a page that uses no session. */
export function sendBarePage(reply: FastifyReply, title: string, body: Html): FastifyReply {
  return sendFrame(reply, { title, body })
}

export function sendFrame(reply: FastifyReply, frame: Frame): FastifyReply {
  return (
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      // The browser's back button must not show the page again after the visitor has signed out.
      .header('cache-control', 'no-store')
      .send(render(frame).text)
  )
}

function render({ title, body, theme = 'auto', nav, messages }: Frame): Html {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${SCHEMES[theme]}">
<title>${title} · Corner shop</title>
<link rel="icon" href="${LOGO}">
<link rel="stylesheet" href="${style.path}">
<script src="${script.path}" defer></script>
<header><div class="frame row">
  <a class="skip button" href="#main">Skip to the content</a>
  <a class="brand row" href="/">${icons.logo} <span>Corner shop</span></a>
  ${nav}
</div></header>
<main id="main" class="frame" tabindex="-1">
${messages}
${body}
</main>
<footer>
<p class="frame behind">What is special about this shop can’t be clicked fast enough to be seen. <a href="/behind-the-scenes">Behind the scenes</a> it is shown.</p>
<div class="frame grid">
  <p><b>Cart</b> A record in a file; the cookie carries its sealed id. What two tabs add to it at the same moment is all there.</p>
  <p><b>Checkout</b> A session of its own, a key for each step. Pressing “Place the order” twice places one order.</p>
  <p><b>Preferences</b> Encrypted in the cookie itself, and messages with them: the server keeps nothing.</p>
  <p><b>Sign-in</b> A record in a file, tied to a user: your account lists your sessions and ends them.</p>
  <p><b>Staff</b> <a href="/admin">The back office</a> has a session of its own, with a shorter life: each signs out alone.</p>
  <p><b>Forms</b> Work without scripts. Those of other sites come without these cookies (SameSite), and are refused.</p>
</div></footer>
</html>`
}
