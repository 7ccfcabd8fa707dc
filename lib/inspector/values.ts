import { type Html, html } from './html.js'
import { form, type Place } from './place.js'
import type { FlashView, KeyView, SessionView } from './view.js'
import { counted } from './words.js'

/*
 * What a session holds, and the forms that change it.
 */

/** Which session a form is about: this browser's of that name, or anybody's of that id. */
export interface Target {
  readonly session: string
  readonly id?: string | undefined
}

export function values(place: Place, { definition, keys, stored }: SessionView, target: Target): Html {
  if (keys.length === 0) return html`<p class="quiet">It holds no values.</p>`
  const isEditable = stored !== undefined
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Values of ${definition.name}"><table class="values"><thead><tr><th scope="col">Key</th><th scope="col">Type</th><th scope="col">Value</th></tr></thead><tbody>${keys.map(
    (key, at) =>
      html`<tr><th scope="row"><code>${key.key}</code></th><td class="type"><code>${key.type ?? '—'}</code></td><td>${valueText(key)}${isEditable && !key.isHidden && edit(place, target, key, at)}</td></tr>`
  )}</tbody></table></div>`
}

export function valueText({ text, isHidden }: KeyView): Html {
  if (text === undefined) return html`<span class="quiet">none</span>`
  return html`<pre class="value${isHidden && ' hidden-value'}">${text}</pre>`
}

function edit(place: Place, target: Target, { key, text = '' }: KeyView, at: number): Html {
  const { session } = target
  const id = `edit-${session}-${at}`
  const field = html`<label for="${id}">${key}, as JSON; empty to remove it</label><textarea id="${id}" name="value" rows="${Math.min(8, text.split('\n').length)}" spellcheck="false">${text}</textarea><button>Save</button>`
  return html`<details class="edit"><summary>Edit<span class="unseen"> ${key} of ${session}</span></summary>${form(place, '/set', { ...target, key }, field)}</details>`
}

export function flashes(all: readonly FlashView[]): Html {
  return html`<h3>Messages waiting</h3><ul class="flashes">${all.map(
    ({ kind, count, text, isHidden }) =>
      html`<li><p><code>${kind}</code> ${counted(count, 'message')}</p><pre class="value${isHidden && ' hidden-value'}" tabindex="0" aria-label="Messages of ${kind}">${text}</pre></li>`
  )}</ul>`
}

export function actions(place: Place, target: Target): Html {
  const button = (path: string, text: string, className = '') =>
    form(
      place,
      path,
      { ...target },
      html`<button class="${className}">${text}<span class="unseen"> ${target.session}</span></button>`
    )
  // A new id is worth nothing without a browser that is given it.
  const isOwn = target.id === undefined
  return html`<div class="actions">${isOwn && button('/regenerate', 'New id')}${button('/expire', 'Expire')}${button('/destroy', 'Destroy', 'danger')}</div>`
}
