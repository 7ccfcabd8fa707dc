import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { choice } from '../fields.js'
import { html } from '../html.js'
import { currencies } from '../money.js'
import { sendPage } from '../page.js'
import { themes } from '../sessions.js'

const Preferences = z.object({ theme: z.enum(themes), currency: z.enum(currencies) })

const THEMES = { auto: 'As the device has it', light: 'Light', dark: 'Dark' } as const
const CURRENCIES = { EUR: 'Euro', USD: 'US dollar', GBP: 'Pound' } as const

export async function preferences(app: FastifyInstance): Promise<void> {
  app.get('/preferences', async (request, reply) => {
    const { theme, currency } = request.session('prefs').data
    const body = html`<h1>Preferences</h1>
<form class="panel" method="post" action="/preferences">
  ${choice('theme', 'Theme', theme, options(themes, THEMES))}
  ${choice('currency', 'Currency', currency, options(currencies, CURRENCIES))}
  <button>Save</button>
</form>`
    return sendPage(reply, 'Preferences', body)
  })

  app.post('/preferences', async (request, reply) => {
    const form = Preferences.safeParse(request.body)
    const prefs = request.session('prefs')
    if (form.success) {
      prefs.set('theme', form.data.theme).set('currency', form.data.currency)
      prefs.flash('notice', 'Your preferences are saved.')
    } else {
      prefs.flash('error', 'That is not one of the choices.')
    }
    return reply.redirect('/preferences', 303)
  })
}

function options<Value extends string>(values: readonly Value[], labels: Readonly<Record<Value, string>>) {
  return values.map((value) => ({ value, label: labels[value] }))
}
