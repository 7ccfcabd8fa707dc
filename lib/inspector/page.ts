import type { FastifyReply } from 'fastify'
import { Html, html, type Part } from './html.js'
import type { Place } from './place.js'

/**
 * Of each answer. What the pages show belongs in no cache and in no frame; nothing runs in them but the one script, and
 * forms go nowhere else. `same-origin`, and not `no-referrer`, with which browsers send `Origin: null` with forms.
 */
export const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'"
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}

/** Not in a template with a tag: bundlers replace those that hold it, by a call of a runtime that is not installed. */
const SCRIPT_END = new Html('</script>')

export type Tab = 'browser' | 'requests' | 'sessions' | 'user' | 'ended' | 'stores'

const TABS: readonly (readonly [Tab, string, string])[] = [
  ['browser', '', 'This browser'],
  ['requests', '/requests', 'Requests'],
  ['sessions', '/sessions', 'Sessions'],
  ['user', '/user', 'A user'],
  ['ended', '/ended', 'Why it ended'],
  ['stores', '/stores', 'Stores']
]

export interface Page {
  readonly title: string
  readonly tab: Tab | undefined
  readonly body: Part
  /** Said at the top: what was done, or why it was not. */
  readonly notice?: { readonly text: string; readonly isFault: boolean } | undefined
}

export function send(reply: FastifyReply, place: Place, page: Page, status = 200): FastifyReply {
  return reply.code(status).headers(HEADERS).type('text/html; charset=utf-8').send(layout(place, page).text)
}

function layout({ base }: Place, { title, tab, body, notice }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Sessions</title>
<link rel="icon" href="${base}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${base}/inspector.css">
<script src="${base}/inspector.js">${SCRIPT_END}
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header class="top">
<p class="brand"><a href="${base}">Sessions</a></p>
<nav aria-label="Inspector"><ul>${TABS.map(
    ([name, path, text]) =>
      html`<li><a href="${base}${path}"${name === tab && html` aria-current="page"`}>${text}</a></li>`
  )}</ul></nav>
<fieldset class="theme" hidden><legend class="unseen">Theme</legend>${['System', 'Light', 'Dark'].map(
    (theme) =>
      html`<label><input type="radio" name="theme" value="${theme.toLowerCase()}"><span>${theme}</span></label>`
  )}</fieldset>
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${notice && html`<p class="notice${notice.isFault && ' fault'}" role="${notice.isFault ? 'alert' : 'status'}">${notice.text}</p>`}
${body}
</main>
</body>
</html>
`
}
