import type { FastifyRequest } from 'fastify'
import {
  type CookieLook,
  type LoggedRequest,
  type LoggedStep,
  lifeLine,
  lookAt,
  type SessionLook,
  type StoredLook,
  sizeBar,
  toneOf
} from 'fastify-sessions/inspector/parts'
import { Html, html } from '../html.js'
import { ago, until } from '../time.js'
import type { Visitor } from './visitor.js'

const PLACES: Readonly<Record<string, string>> = { cookie: 'in the cookie itself', file: 'a record in a file' }

/** This browser's sessions, and what its last requests did to them. */
export async function panel(request: FastifyRequest, visitor: Visitor): Promise<Html> {
  const looks = await lookAt(request)
  visitor.owns(looks.flatMap(({ stored }) => stored?.id ?? []))
  const here = looks.filter(({ cookie }) => cookie !== undefined)
  const absent = looks.filter(({ cookie }) => cookie === undefined).map(({ session }) => session)
  return html`<ul class="looks">${here.map(card)}</ul>
${absent.length > 0 && html`<p class="soft">Not begun, or for other pages only: ${absent.join(', ')}.</p>`}
<h3>What your last requests did <small class="soft">as this server process knows, the newest first</small></h3>
${visitor.requests.length === 0 ? NONE : html`<ol class="log">${visitor.requests.map(row)}</ol>`}`
}

const NONE = html`<p>Nothing yet. <a href="/" target="_blank">Open the shop in another tab</a>, put something into the cart, and look here.</p>`

function card({ session, store, cookie, stored, problem, failure, schemaVersion }: SessionLook): Html {
  return html`<li class="look">
  <h3>${session} <b class="tag">${PLACES[store] ?? store}</b></h3>
  ${cookie !== undefined && sizes(cookie)}
  ${stored !== undefined && record(stored, schemaVersion)}
  ${(problem ?? failure) !== undefined && html`<p class="fault">${problem ?? failure}</p>`}
</li>`
}

function sizes({ name, bytes, mostBytes, key }: CookieLook): Html {
  return html`${bytes.map((each) => html`<p><code>${name}</code> ${each} of ${mostBytes} bytes</p>${new Html(sizeBar(each, mostBytes))}`)}
<p class="soft">Sealed by key <code>${key?.slice(0, 8) ?? 'unknown'}</code></p>`
}

function record(stored: StoredLook, schemaVersion: number): Html {
  const { version, bytes, expires, schemaVersion: storedAs, flashes } = stored
  const facts = [
    version === undefined ? undefined : `version ${shortened(`${version}`)}`,
    `${bytes} bytes`,
    storedAs === schemaVersion ? `schema ${storedAs}` : `schema ${storedAs} of ${schemaVersion}`,
    flashes > 0 && `${flashes} ${flashes === 1 ? 'message' : 'messages'} waiting`
  ]
  return html`<p>${facts.filter(Boolean).join(' · ')}</p>
${new Html(lifeLine(stored))}<p class="soft">Ends ${until(new Date(expires))} without a use</p>`
}

/** Versions are opaque, and those of the file store long: the end tells them apart. */
function shortened(text: string): string {
  return text.replace(/\b[0-9a-z]{16,}\b/g, (version) => `…${version.slice(-4)}`)
}

function row({ at, method, route, steps, more }: LoggedRequest): Html {
  const shown = steps.filter(({ session }) => session !== 'scenes' && session !== 'runs')
  return html`<li><p><b>${method}</b> <code>${route}</code> <small class="soft">${ago(new Date(at))}</small></p>
<ul>${shown.map(stepRow)}${more > 0 && html`<li>and ${more} more</li>`}</ul></li>`
}

function stepRow({ event, session, words, duration }: LoggedStep): Html {
  return html`<li class="${toneOf(event)}"><b>${session}</b> ${shortened(words)} ${duration !== undefined && html`<small class="soft">${duration.toFixed(1)} ms</small>`}</li>`
}
