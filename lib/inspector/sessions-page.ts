import type { SessionPage, StoredSession } from '../../types/register.js'
import { type Html, html, type Part } from './html.js'
import { form, linkTo, type Place, pathOfOne } from './place.js'
import { sessionCard } from './session-card.js'
import type { Target } from './values.js'
import type { SessionView } from './view.js'
import { beside, counted } from './words.js'

/** How many records a page of the list looks at. */
export const AT_A_TIME = 50

/** As much of an id as tells two apart. */
const GLIMPSE = 10

export interface Listed {
  readonly store: string
  /** Where the page begins; `undefined` for the first one. */
  readonly after: string | undefined
  /** `undefined`: the store can't go through its records. */
  readonly page: SessionPage | undefined
}

/** What an app has on record stores. */
interface Choices {
  readonly stores: readonly string[]
  /** The names of sessions that are on them. */
  readonly names: readonly string[]
}

/** @param listed `undefined`: there is no record store */
export function sessionsPage(place: Place, { stores, names }: Choices, listed: Listed | undefined, now: number): Part {
  if (listed === undefined)
    return html`<p class="lead">The app has no record store. Sessions in cookies are with their browsers alone, and nobody can list them.</p>`
  return [
    html`<p class="lead">The live sessions of a store, whosever they are, in the order in which its engine goes through them.</p>`,
    names.length > 0 && finder(place, names),
    stores.length > 1 && storeChoice(place, stores, listed.store),
    listed.page === undefined ? unlisted(listed.store) : list(place, listed, listed.page, now)
  ]
}

/** An id grants nothing, and may stand in a URL. */
function finder({ base }: Place, names: readonly string[]): Html {
  const options = names.map((name) => html`<option>${name}</option>`)
  return html`<form method="get" action="${base}/session" class="ask find"><p><label for="session">Session</label><select id="session" name="session">${options}</select></p><p><label for="id">Id, as in the log or in events</label><input id="id" name="id" required autocomplete="off" spellcheck="false"></p><button>Open</button></form>`
}

function storeChoice({ base }: Place, stores: readonly string[], present: string): Html {
  return html`<nav class="choice" aria-label="Stores"><ul>${stores.map(
    (store) =>
      html`<li><a href="${base}${linkTo('/sessions', { store })}"${store === present && html` aria-current="page"`}>${store}</a></li>`
  )}</ul></nav>`
}

function unlisted(store: string): Html {
  return html`<p class="problem">The store ${store} can not list its records: its engine has no way to go through them all. The sessions of a user can be listed all the same.</p>`
}

function list(place: Place, { store, after }: Listed, { sessions, next }: SessionPage, now: number): Part {
  const further = next !== undefined && pageLink(place, store, next, 'Further sessions')
  const first = after !== undefined && pageLink(place, store, undefined, 'From the beginning')
  const isWhole = after === undefined && next === undefined
  const count = html`<p class="quiet count">${counted(sessions.length, 'session')}${isWhole ? '' : ' on this page'}</p>`
  return [
    sessions.length === 0
      ? html`<p class="quiet">${nothingHere(isWhole)}</p>`
      : [count, table(place, { store, after }, sessions, now)],
    sessions.some(({ name }) => name === undefined) &&
      html`<p class="quiet">Where a name is not known, the record was saved last by a process that did not say, or whose definition is no more.</p>`,
    (first || further) && html`<p class="paging">${first}${further}</p>`
  ]
}

function nothingHere(isWhole: boolean): string {
  return isWhole
    ? 'No session is in it. It may hold records of other kinds.'
    : 'There are none in this part of the store.'
}

function pageLink({ base }: Place, store: string, after: string | undefined, text: string): Html {
  return html`<a class="button" href="${base}${linkTo('/sessions', { store, after })}">${text}</a>`
}

type At = Pick<Listed, 'store' | 'after'>

function table(place: Place, { store, after }: At, sessions: readonly StoredSession[], now: number): Html {
  const rows = sessions.map((session) => row(place, session, now))
  const content = html`<div class="scroll" tabindex="0" role="region" aria-label="Sessions of ${store}"><table class="list"><thead><tr><th scope="col">Session</th><th scope="col">Belongs to</th><th scope="col">Began</th><th scope="col">Ends</th><th scope="col"><span class="unseen">Actions</span></th></tr></thead><tbody>${rows}</tbody></table></div>`
  return form(place, '/destroy', { store, after }, content)
}

function row({ base }: Place, { name, id, subjects, createdAt, expiresAt }: StoredSession, now: number): Html {
  const moment = (date: Date) => html`<time datetime="${date.toISOString()}">${beside(date.getTime(), now)}</time>`
  const short = html`<code>${id.slice(0, GLIMPSE)}…</code>`
  const link =
    name === undefined
      ? html`<span class="quiet">not known</span> ${short}`
      : html`<a href="${base}${pathOfOne(name, id)}">${name} ${short}</a>`
  const end =
    name !== undefined &&
    html`<button class="danger small" name="which" value="${name}/${id}">End<span class="unseen"> ${name} ${id}</span></button>`
  return html`<tr><th scope="row">${link}</th><td>${subjects.length === 0 ? html`<span class="quiet">nobody</span>` : subjects.join(', ')}</td><td><span class="narrow">began </span>${moment(createdAt)}</td><td><span class="narrow">ends </span>${moment(expiresAt)}</td><td>${end}</td></tr>`
}

/** One of them. */
export function sessionPage(place: Place, view: SessionView, target: Target, now: number): Part {
  const all = html`<a href="${place.base}${linkTo('/sessions', { store: view.storeName })}">All sessions of ${view.storeName}</a>`
  return [
    html`<p class="lead">As its browser has it, whosever that is. To look here is no use of it. ${all}</p>`,
    sessionCard(place, view, target, now)
  ]
}
