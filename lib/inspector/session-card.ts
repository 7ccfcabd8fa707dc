import type { Problem } from '../../types/session.js'
import { MAX_COOKIE_BYTES } from '../options/cookie.js'
import { type Html, html, type Part } from './html.js'
import { form, type Place } from './place.js'
import { bar, timeline } from './plots.js'
import { actions, flashes, type Target, values } from './values.js'
import type { CookieView, SessionView } from './view.js'
import { beside, grouped, spanOf } from './words.js'

/** What the plugin found of a cookie that gives no session. */
const PROBLEMS: Readonly<Record<Problem, string>> = {
  malformed: 'The cookie is not one of this plugin.',
  'too-large': 'The cookie or its record is larger than may be.',
  'unknown-key': 'The cookie was sealed with a key that is not in the ring.',
  'bad-seal': 'The seal of the cookie is broken: it was changed, or belongs to another session.',
  expired: 'The session has expired.',
  cleared: 'All sessions that began then were cleared.',
  gone: 'The store has no such record: destroyed, revoked, expired or evicted.',
  retired: 'The id was replaced by a new one, and its grace is over.',
  schema: 'What is stored does not fit the schema.',
  newer: 'A process of a newer version stored it: it is read-only here.',
  store: 'The store failed.'
}

export function card(name: string, badges: Part, content: Part): Html {
  return html`<section class="card" id="session-${name}" aria-labelledby="name-${name}"><header><h2 id="name-${name}">${name}</h2><p class="badges">${badges}</p></header>${content}</section>`
}

/** One session, as its browser or somebody else sees it. */
export function sessionCard(place: Place, view: SessionView, target: Target, now: number, done?: string): Html {
  const { definition, storeName, problem, stored, cookie } = view
  const state = problem !== undefined ? html`<span class="badge fault">${problem}</span>` : stateOf(view)
  const badges = html`<span class="badge">${storeName === 'cookie' ? 'in the cookie' : storeName}</span>${state}`
  return card(definition.name, badges, [
    done !== undefined && html`<p class="notice" role="status">${done}</p>`,
    problem !== undefined && problemOf(place, problem, cookie),
    stored === undefined && problem === undefined && html`<p class="quiet">${nothingStored(cookie)}</p>`,
    html`<div class="columns"><div>${facts(place, view)}</div><div>${life(view, now)}${sizes(view)}</div></div>`,
    values(place, view, target),
    view.flashes.length > 0 && flashes(view.flashes),
    stored !== undefined && actions(place, target)
  ])
}

function problemOf(place: Place, problem: Problem, cookie: CookieView | undefined): Html {
  const asked = cookie?.id
  const button = html`<button>What ended it?<span class="unseen"> ${cookie?.name}</span></button>`
  return html`<p class="problem">${PROBLEMS[problem]}</p>${asked !== undefined && form(place, '/ended', { asked }, button, 'actions')}`
}

function stateOf({ stored }: SessionView): Html {
  return stored === undefined
    ? html`<span class="badge quiet">not begun</span>`
    : html`<span class="badge good">live</span>`
}

function nothingStored(cookie: CookieView | undefined): string {
  return cookie === undefined
    ? 'No cookie came: the next handler that writes to it begins a session. Below are its defaults.'
    : 'A cookie came, and gives no session.'
}

function facts(place: Place, { definition, cookie, stored, subjects, persist, isStale }: SessionView): Html {
  const rows: [string, Part][] = []
  if (cookie !== undefined) {
    const copies = cookie.copies > 1 && html` <span class="warn">came ${cookie.copies} times</span>`
    const apart = html`<a href="${place.base}/cookie/${encodeURIComponent(definition.name)}">take apart</a>`
    rows.push(['Cookie', html`<code>${cookie.name}</code>${copies} · ${apart}`])
    const stale = isStale && html` <span class="warn">an older key, or another seal: sealed anew at the next use</span>`
    if (cookie.key !== undefined) rows.push(['Sealed with', html`key <code>${cookie.key}</code>${stale}`])
  }
  if (stored?.id !== undefined) rows.push(['Record', html`<code class="long">${stored.id}</code>`])
  if (stored?.version !== undefined)
    rows.push(['Version', html`<code class="long">${stored.version}</code>, as the store counts it`])
  rows.push(['Schema', schemaText(definition.version, stored?.schemaVersion)])
  if (stored !== undefined) rows.push(['Belongs to', subjects.length > 0 ? names(subjects) : 'nobody'])
  if (stored !== undefined) rows.push(['The cookie lasts', lasting(persist ?? definition.cookie.maxAge ?? false)])
  return html`<dl>${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`
}

function names(subjects: readonly string[]): Part {
  return subjects.map((subject, at) => html`${at > 0 && ', '}<code>${subject}</code>`)
}

function schemaText(present: number, stored: number | undefined): string {
  const isOther = stored !== undefined && stored !== present
  return isOther ? `version ${present}, stored as version ${stored}` : `version ${present}`
}

function lasting(persist: number | false): string {
  return persist === false ? 'until the browser is closed' : `${spanOf(persist * 1000)} after each use`
}

function life({ createdAt, stored, latestEnd }: SessionView, now: number): Part {
  if (stored === undefined) return false
  const { expires } = stored
  const moment = (at: number) =>
    html`<time datetime="${new Date(at).toISOString()}" title="${new Date(at).toISOString()}">${beside(at, now)}</time>`
  return html`<div class="figure"><h3>Life</h3>${timeline({ from: createdAt, now, idleEnd: expires, latestEnd })}<ul class="legend"><li class="past">began ${moment(createdAt)}</li><li class="left">ends ${moment(expires)} if it is not used</li><li class="room">ends ${moment(latestEnd)} at the latest</li></ul></div>`
}

function sizes({ cookie, stored, definition }: SessionView): Part {
  const isRecord = definition.store !== undefined && stored !== undefined
  if (cookie === undefined && !isRecord) return false
  return html`<div class="figure"><h3>Size</h3>${cookie?.bytes.map(
    (bytes) =>
      html`${bar(bytes, MAX_COOKIE_BYTES)}<p>${cookie.bytes.length > 1 && 'One cookie: '}${grouped(bytes)} of the ${grouped(MAX_COOKIE_BYTES)} bytes that browsers keep of a cookie</p>`
  )}${isRecord && html`${bar(stored.bytes, definition.maxBytes)}<p>${grouped(stored.bytes)} of at most ${grouped(definition.maxBytes)} bytes in the store</p>`}</div>`
}
