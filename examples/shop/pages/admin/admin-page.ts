import type { FastifyReply } from 'fastify'
import { type Html, html } from '../../html.js'
import { endNotice, flashes } from '../../messages.js'
import { link } from '../../navigation.js'
import { sendFrame } from '../../page.js'
import { icons } from '../../pictures.js'

/** Sends a page of the back office, which has its own navigation and shows nothing of the customer's session. */
export function sendAdminPage(reply: FastifyReply, title: string, body: Html): FastifyReply {
  const { request } = reply
  const admin = request.session('admin')
  const isSignedIn = admin.subject !== undefined
  const nav = html`<nav aria-label="Back office">
    ${link(request, isSignedIn ? '/admin' : '/admin/sign-in', html`${icons.person} <span>${admin.get('name') ?? 'Staff'}</span>`)}
    ${isSignedIn && html`<form method="post" action="/admin/sign-out"><button class="quiet">Sign out</button></form>`}
  </nav>`
  return sendFrame(reply, {
    title: `${title}, back office`,
    body,
    nav,
    theme: request.session('prefs').get('theme'),
    messages: [endNotice(admin, '/admin/sign-in', request.url), ...flashes(request)]
  })
}
