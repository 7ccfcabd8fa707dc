import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { field } from '../fields.js'
import { type Html, html } from '../html.js'
import type { Users } from '../users.js'

/** What customers and staff sign in with. */
export const SignIn = z.object({ name: z.string().max(200), password: z.string().max(200) })

/** Back to the form, with the name that was typed. Which of the two is wrong is for nobody to learn. */
export function signInRefused(request: FastifyRequest, reply: FastifyReply, form: string): FastifyReply {
  const prefs = request.session('prefs').flash('error', 'Name and password do not match.')
  const typed = SignIn.pick({ name: true }).safeParse(request.body)
  if (typed.success) prefs.flash('name', typed.data.name)
  return reply.redirect(form, 303)
}

/** @param name as it was typed before: then the password is what is to be typed again */
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
