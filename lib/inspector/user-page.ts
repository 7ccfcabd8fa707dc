import type { SubjectSession } from '../../types/register.js'
import { type Html, html, type Part } from './html.js'
import { form, type Place, pathOfOne } from './place.js'
import { valueText } from './values.js'
import { keysOf, type Lens } from './view.js'
import { beside, counted } from './words.js'

/** How many of a user's sessions are listed at a time. */
export const AT_A_TIME = 20

export interface Found {
  readonly subject: string
  readonly sessions: readonly SubjectSession[]
  /** Whether the list began behind another part of it. */
  readonly isPart: boolean
}

export function userPage(place: Place, found: Found | undefined, lens: Lens, now: number): Part {
  const field = html`<label for="subject">User, or another subject that <code>identify()</code> was told</label><input id="subject" name="subject" required autocomplete="off" spellcheck="false" value="${found?.subject ?? ''}"><button>List sessions</button>`
  return [form(place, '/user', {}, field, 'ask'), found && list(place, found, lens, now)]
}

function list(place: Place, { subject, sessions, isPart }: Found, lens: Lens, now: number): Part {
  if (sessions.length === 0)
    return html`<p class="quiet">${isPart ? 'There are no more.' : 'Nobody of that name has a live session on a record store.'}</p>${whyForm(place, subject)}`
  const last = sessions.at(-1)
  const isMore = sessions.length === AT_A_TIME && last !== undefined
  return [
    sessions.map((session) => sessionCard(place, subject, session, lens, now)),
    isMore && form(place, '/user', { subject, after: last.cursor }, html`<button>Further sessions</button>`),
    html`<div class="actions">${form(place, '/end', { subject }, html`<button class="danger">End all sessions of ${subject}</button>`)}${whyForm(place, subject)}</div>`
  ]
}

function whyForm(place: Place, asked: string): Html {
  return form(place, '/ended', { asked }, html`<button>Why others ended</button>`)
}

function sessionCard(place: Place, subject: string, session: SubjectSession, lens: Lens, now: number): Html {
  const { name, id, usedAt, createdAt, expiresAt, persistent } = session
  const moment = (date: Date) => html`<time datetime="${date.toISOString()}">${beside(date.getTime(), now)}</time>`
  return html`<section class="card" aria-labelledby="of-${id} id-${id}"><header><h2 id="of-${id}">${name}</h2><p class="badges"><code class="long" id="id-${id}">${id}</code></p></header>
<p>Used ${moment(usedAt)}, began ${moment(createdAt)}, ends ${moment(expiresAt)}${persistent && '; its cookie outlives the browser'}.</p>
${holdings(session, lens)}<div class="actions"><a class="button" href="${place.base}${pathOfOne(name, id)}">Open<span class="unseen"> ${name} ${id}</span></a>${form(place, '/end', { subject, id }, html`<button class="danger">End this one<span class="unseen">: ${name} ${id}</span></button>`)}</div></section>`
}

function holdings({ name, id, data }: SubjectSession, lens: Lens): Html {
  const definition = lens.registry.definitions.find((each) => each.name === name)
  if (definition === undefined || data === undefined)
    return html`<p class="problem">What it holds does not fit the schema.</p>`
  const keys = keysOf(definition, data, lens)
  return html`<details><summary>${counted(keys.length, 'key')}<span class="unseen"> of ${name} ${id}</span></summary><dl>${keys.map(
    (key) => html`<div><dt><code>${key.key}</code></dt><dd>${valueText(key)}</dd></div>`
  )}</dl></details>`
}
