import type { FastifyInstance } from 'fastify'
import { type Html, html } from '../../html.js'
import { staff } from '../../users.js'
import { demo, nameAndPassword, SignIn, signInRefused } from '../sign-in-form.js'
import { sendAdminPage } from './admin-page.js'

export async function adminSignIn(app: FastifyInstance): Promise<void> {
  app.get('/admin/sign-in', async (request, reply) => {
    if (request.session('admin').subject !== undefined) return reply.redirect('/admin', 303)
    return sendAdminPage(reply, 'Sign in', signInPage(request.session('prefs').flashes('name').at(-1)))
  })

  app.post('/admin/sign-in', async (request, reply) => {
    const form = SignIn.safeParse(request.body)
    const user = form.success ? await staff.find(form.data.name, form.data.password) : undefined
    if (user === undefined) return signInRefused(request, reply, '/admin/sign-in')
    // The prefix makes it another subject than a customer of the same name.
    request.session('admin').regenerate().identify(`staff:${user.name}`).set('name', user.fullName)
    return reply.redirect('/admin', 303)
  })

  app.post('/admin/sign-out', async (request, reply) => {
    request.session('admin').destroy()
    request.session('prefs').flash('notice', 'You are signed out of the back office.')
    return reply.redirect('/admin/sign-in', 303)
  })
}

function signInPage(name: string | undefined): Html {
  return html`<h1>Back office</h1>
${demo(staff)}
<form class="panel" method="post" action="/admin/sign-in">
  ${nameAndPassword(name)}
  <p class="soft">You are signed out after ten minutes without a click, after eight hours in any case, and when the browser is closed.</p>
  <button>Sign in</button>
</form>`
}
