import { type Html, html, type Part } from './html.js'
import type { Place } from './place.js'
import { card, sessionCard } from './session-card.js'
import type { FailedView, SessionView } from './view.js'

/** What was done last, and to which session. */
export interface Done {
  readonly session: string
  readonly text: string
}

export function browserPage(
  place: Place,
  views: readonly (SessionView | FailedView)[],
  now: number,
  done: Done | undefined
): Part {
  if (views.length === 0) return html`<p>The app defines no sessions.</p>`
  const cardOf = (view: SessionView | FailedView) => {
    if ('failure' in view) return failedCard(view)
    const session = view.definition.name
    return sessionCard(place, view, { session }, now, done?.session === session ? done.text : undefined)
  }
  return [
    html`<p class="lead">What this browser sent, and what the app reads of it. To look here is no use of a session: nothing is moved, renewed or saved.</p>`,
    views.map(cardOf)
  ]
}

function failedCard({ definition, storeName, failure }: FailedView): Html {
  const badges = html`<span class="badge">${storeName}</span><span class="badge fault">failed</span>`
  return card(definition.name, badges, html`<p class="problem">${failure}</p>`)
}
