import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { currencies } from '../catalogue.js'
import { html } from '../html.js'
import { sendPage } from '../page.js'

const Preferences = z.object({ theme: z.enum(['light', 'dark']), currency: z.enum(currencies) })

export async function preferences(app: FastifyInstance): Promise<void> {
  app.get('/preferences', async (request, reply) => {
    const { theme, currency } = request.session('prefs').data
    const option = (value: string, label: string, selected: string) =>
      html`<option value="${value}"${value === selected ? html` selected` : ''}>${label}</option>`
    return sendPage(
      request,
      reply,
      'Preferences',
      html`<h1>Preferences</h1>
<form class="panel" method="post" action="/preferences">
  <label>Theme <select name="theme">${option('light', 'Light', theme)}${option('dark', 'Dark', theme)}</select></label>
  <label>Currency <select name="currency">${currencies.map((each) => option(each, each, currency))}</select></label>
  <button>Save</button>
</form>`
    )
  })

  app.post('/preferences', async (request, reply) => {
    const chosen = Preferences.safeParse(request.body)
    const prefs = request.session('prefs')
    if (chosen.success) {
      prefs.set('theme', chosen.data.theme).set('currency', chosen.data.currency)
      prefs.flash('notice', 'Your preferences are saved.')
    } else {
      prefs.flash('error', 'That is not one of the choices.')
    }
    return reply.redirect('/preferences', 303)
  })
}
