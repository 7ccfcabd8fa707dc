import type { FastifyRequest } from 'fastify'
import type { Problem } from 'fastify-sessions'
import { type Html, html } from './html.js'
import { icons } from './pictures.js'

/** Reads the waiting flash messages and renders them. */
export function flashes(request: FastifyRequest): readonly Html[] {
  const prefs = request.session('prefs')
  return [
    ...prefs.flashes('notice').map((text) => notice(text, request.url)),
    ...prefs.flashes('error').map((text) => error(text, request.url))
  ]
}

/**
 * Renders a notice, which disappears after a while. Its "Dismiss" button requests the page at `here` again, where the
 * message has already been read; the script avoids that request.
 */
export function notice(content: Html | string, here: string): Html {
  return message('notice', 'status', icons.tick, content, here)
}

/** Renders an error, which stays until it is dismissed. */
export function error(content: Html | string, here: string): Html {
  return message('error', 'alert', icons.stop, content, here)
}

interface Ending {
  readonly problem: Problem | undefined
  destroy(): void
}

/**
 * Tells the user once that a session has ended. `destroy()` makes the browser forget the cookie, so that it is not told
 * again.
 */
export function endNotice(session: Ending, signIn: string, here: string): Html | undefined {
  const { problem } = session
  if (problem === undefined) return undefined
  session.destroy()
  const why =
    problem === 'gone' || problem === 'expired'
      ? 'Your session has expired, or was ended from another device.'
      : 'Your session could not be opened.'
  return error(html`${why} Please <a href="${signIn}">sign in</a> again.`, here)
}

function message(kind: string, role: string, icon: Html, content: Html | string, here: string): Html {
  return html`<div class="flash ${kind} row">
  ${icon} <p role="${role}">${content}</p>
  <form method="get" action="${here}"><button class="close" aria-label="Dismiss this message">×</button></form>
</div>`
}
