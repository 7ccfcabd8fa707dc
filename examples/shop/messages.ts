import type { FastifyRequest } from 'fastify'
import type { Problem } from 'fastify-sessions'
import { type Html, html } from './html.js'
import { icons } from './pictures.js'

/** The messages that wait to be read. */
export function flashes(request: FastifyRequest): readonly Html[] {
  const prefs = request.session('prefs')
  return [
    ...prefs.flashes('notice').map((text) => notice(text, request.url)),
    ...prefs.flashes('error').map((text) => error(text, request.url))
  ]
}

/**
 * Leaves by itself, after a while. "Dismiss" asks for the page at `here` once more, where the message has been read;
 * the script saves that trip.
 */
export function notice(content: Html | string, here: string): Html {
  return message('notice', 'status', icons.tick, content, here)
}

/** Stays until it is dismissed. */
export function error(content: Html | string, here: string): Html {
  return message('error', 'alert', icons.stop, content, here)
}

interface Ending {
  readonly problem: Problem | undefined
  destroy(): void
}

/** Said once: `destroy()` makes the browser forget the cookie that gave no session. */
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
