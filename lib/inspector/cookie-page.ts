import { CookieHeader } from '../cookie/header.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { anatomyOf } from './anatomy.js'
import { html, type Part } from './html.js'
import type { Place } from './place.js'
import { grouped } from './words.js'

/** The cookie of one session taken apart. */
export function cookiePage({ base }: Place, { cookie, name }: ResolvedDefinition, header: string): Part {
  const value = cookie.first(new CookieHeader(header))?.value
  const back = html`<p><a href="${base}#session-${name}">Back to ${name}</a></p>`
  if (value === undefined) return html`<p>This browser sent no cookie <code>${cookie.name}</code>.</p>${back}`
  const parts = anatomyOf(value)
  if (parts === undefined)
    return html`<p>What <code>${cookie.name}</code> holds is not sealed as this plugin does by itself.</p>${back}`
  return html`<p class="lead"><code>${cookie.name}</code> holds ${grouped(value.length)} characters. What makes the cookie is shown in part only, so that no page has all of it.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Parts of the cookie"><table><thead><tr><th scope="col">Part</th><th scope="col" class="number">Bytes</th><th scope="col">In hex</th><th scope="col">What it is</th></tr></thead><tbody>${parts.map(
    (part) =>
      html`<tr><th scope="row">${part.name}</th><td class="number">${grouped(part.bytes)}</td><td><code class="long">${part.hex}</code></td><td>${part.meaning}</td></tr>`
  )}</tbody></table></div>${back}`
}
