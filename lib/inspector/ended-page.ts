import type { HistoryEntry, Why } from '../../types/history.js'
import { sentence } from '../history/words.js'
import { type Html, html, type Part } from './html.js'
import { form, type Place } from './place.js'
import { toneOf } from './tones.js'
import { beside } from './words.js'

interface Question {
  /** An id or a user; empty where nobody has asked yet. */
  readonly asked: string
  /** Whether the app keeps what ends sessions. */
  readonly isKept: boolean
  readonly why: Why | undefined
}

export function endedPage(place: Place, { asked, isKept, why }: Question, now: number): Part {
  if (!isKept) return notKept()
  const field = html`<label for="asked">Id of a session, or a user as <code>identify()</code> was told</label><input id="asked" name="asked" required autocomplete="off" spellcheck="false" value="${asked}"><button>Why did it end?</button>`
  return [form(place, '/ended', {}, field, 'ask'), why && answer(why, now)]
}

function notKept(): Html {
  return html`<p class="lead">Why somebody was signed out can't be told: nothing is kept of what ends sessions. The option <code>history</code> of the plugin turns it on, from the next start on:</p>
<div class="card"><pre class="value">history: 1000</pre><p>keeps the last 1,000 endings and refusals in the memory of each process, and</p><pre class="value">history: { store: 'redis' }</pre><p>keeps them in a record store of the app, for thirty days, where every process and the command line see them.</p></div>`
}

function answer({ asked, isAlive, reason, entries, unknown }: Why, now: number): Part {
  return [
    html`<section class="card" aria-labelledby="about"><header><h2 id="about"><code class="long">${asked}</code></h2><p class="badges">${stateOf(isAlive)}</p></header><p class="reason">${reason}</p>${
      entries.length > 0 && html`<h3>What was noted of it, the newest first</h3>${list(entries, now)}`
    }</section>`,
    unknown.length > 0 &&
      html`<section class="card" aria-labelledby="unknown"><header><h2 id="unknown">Cookies that do not tell whose they are</h2></header><p class="quiet">One of these may have been its own: a cookie whose seal does not open tells neither id nor user.</p>${list(unknown, now)}</section>`
  ]
}

function stateOf(isAlive: boolean | undefined): Html {
  if (isAlive === undefined) return html`<span class="badge fault">its store could not be asked</span>`
  return isAlive ? html`<span class="badge good">live</span>` : html`<span class="badge">no live session</span>`
}

function list(entries: readonly HistoryEntry[], now: number): Html {
  return html`<ol class="noted">${entries.map((entry) => item(entry, now))}</ol>`
}

function item(entry: HistoryEntry, now: number): Html {
  const { event, at, session, id, store } = entry
  const about = [session, store].filter((each) => each !== undefined).join(', ')
  return html`<li class="step ${toneOf(event)}"><b>${event}</b> <time datetime="${new Date(at).toISOString()}">${beside(at, now)}</time><span class="quiet"> ${about}</span><p>${sentence(entry)}</p>${id !== undefined && html`<p class="quiet">record <code class="long">${id}</code></p>`}</li>`
}
