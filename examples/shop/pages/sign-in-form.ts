import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { field } from '../fields.js'
import { type Html, html } from '../html.js'
import type { Users } from '../users.js'

/** The fields with which customers and staff sign in. */
export const SignIn = z.object({ name: z.string().max(200), password: z.string().max(200) })

/**
 * Redirects back to the form, which keeps the name. The message does not reveal whether the name or the password is
 * wrong.
 */
export function signInRefused(request: FastifyRequest, reply: FastifyReply, form: string): FastifyReply {
  const prefs = request.session('prefs').flash('error', 'Name and password do not match.')
  const typed = SignIn.pick({ name: true }).safeParse(request.body)
  if (typed.success) prefs.flash('name', typed.data.name)
  return reply.redirect(form, 303)
}

/** @param name The name that was typed before, if any; the password field then gets the focus. */
export function nameAndPassword(name: string | undefined): Html {
  return html`${field({ name: 'name', label: 'Name', autocomplete: 'username', value: name })}
  ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', isFirst: name !== undefined })}`
}

export function demo(users: Users): Html {
  const people = users.demo.map(
    ({ name, password }, index) => html`${index > 0 && ', or '}<b>${name}</b> with the password <b>${password}</b>`
  )
  return html`<p class="soft">To try it: ${people}.</p>`
}
