import { type Html, html, type Part } from './html.js'
import type { Place } from './place.js'
import type { Row, Source, Step } from './requests.js'
import { type Tone, toneOf } from './tones.js'
import { tripOf } from './words.js'

/** A row as the page's script gets it: all texts are ready. */
export interface ShownRow {
  readonly id: string
  readonly at: string
  readonly time: string
  readonly method: string
  readonly route: string
  readonly steps: readonly ShownStep[]
  readonly more: number
}

interface ShownStep {
  readonly tone: Tone
  readonly session: string
  readonly text: string
  readonly cost: string
}

/** @param id its name in the page, other than those of rows of a process before this one */
export function shownRow({ at, method, route, steps, more }: Row, id: string): ShownRow {
  const iso = new Date(at).toISOString()
  return { id, at: iso, time: iso.slice(11, 23), method, route, steps: steps.map(shownStep), more }
}

function shownStep({ event, session, words, duration, store }: Step): ShownStep {
  const cost = duration === undefined ? '' : `${tripOf(duration)}, ${store}`
  return { tone: toneOf(event), session, text: words, cost }
}

export function requestsPage({ base }: Place, rows: readonly Row[], source: Source): Part {
  return html`<p class="lead">The last requests that had to do with sessions, the newest first. <span id="live" role="status" class="live" hidden></span></p>
<ol class="requests" id="requests" data-feed="${base}/feed" data-place="${source.place}" reversed>${rows.map((row) => rowOf(shownRow(row, source.nameOf(row))))}</ol>
<p class="quiet" id="none"${rows.length > 0 && html` hidden`}>Nothing has happened yet. Use the app in another tab.</p>
<template id="row">${rowOf({ id: '', at: '', time: '', method: '', route: '', steps: [], more: 0 })}</template>
<template id="step">${stepOf({ tone: 'read', session: '', text: '', cost: '' })}</template>`
}

function rowOf({ id, at, time, method, route, steps, more }: ShownRow): Html {
  return html`<li data-id="${id}"><p class="request"><time datetime="${at}">${time}</time> <span class="method">${method}</span> <code class="route">${route}</code></p><ul class="steps">${steps.map(stepOf)}</ul><p class="more quiet"${more === 0 && html` hidden`}>and ${more} more</p></li>`
}

function stepOf({ tone, session, text, cost }: ShownStep): Html {
  return html`<li class="step ${tone}"><b class="session">${session}</b> <span class="text">${text}</span> <span class="cost">${cost}</span></li>`
}
