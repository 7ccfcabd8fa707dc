import { z } from 'zod'
import { type Html, html } from './html.js'
import type { Refused } from './sessions.js'

interface Field {
  readonly name: string
  readonly label: string
  readonly autocomplete: string
  readonly type?: 'text' | 'email' | 'password'
  readonly value?: string | undefined
  /** What is wrong with the value, for the user. */
  readonly fault?: string | undefined
  /** Whether the field gets the focus when the page opens. */
  readonly isFirst?: boolean | undefined
}

/** Renders a labelled text field. A fault is shown beside the field, and screen readers read it with the field. */
export function field({ name, label, autocomplete, type = 'text', value, fault, isFirst }: Field): Html {
  const id = `${name}-fault`
  return html`<label>${label} <input class="field" name="${name}" type="${type}" autocomplete="${autocomplete}" maxlength="200" required
    ${value !== undefined && html`value="${value}"`}
    ${type !== 'text' || name === 'postcode' ? html`autocapitalize="none" spellcheck="false"` : ''}
    ${fault !== undefined && html`aria-invalid="true" aria-describedby="${id}"`} ${isFirst && html`autofocus`}></label>
${fault !== undefined && html`<p class="fault" id="${id}">${fault}</p>`}`
}

/** Renders a choice between options, each with a line that explains it. */
export function choice(name: string, legend: string, present: string | undefined, options: readonly Option[]): Html {
  return html`<fieldset><legend>${legend}</legend>${options.map(
    ({ value, label, text }) => html`<label class="row">
    <input type="radio" name="${name}" value="${value}" required${value === present && html` checked`}>
    <span>${label}${text !== undefined && html`<br><small class="soft">${text}</small>`}</span>
  </label>`
  )}</fieldset>`
}

interface Option {
  readonly value: string
  readonly label: string
  readonly text?: string
}

/** Returns the part of a refused form to keep: the texts of these fields, and the first fault of each. */
export function refusedForm(body: unknown, error: z.ZodError, names: readonly string[]): Refused {
  const typed = z.record(z.string(), z.unknown()).catch({}).parse(body)
  const { fieldErrors } = z.flattenError(error) as { readonly fieldErrors: Record<string, string[] | undefined> }
  const values = names.map((name) => [name, String(typed[name] ?? '').slice(0, 200)])
  const faults = names.flatMap((name) => (fieldErrors[name]?.[0] === undefined ? [] : [[name, fieldErrors[name][0]]]))
  return { values: Object.fromEntries(values), faults: Object.fromEntries(faults) }
}
