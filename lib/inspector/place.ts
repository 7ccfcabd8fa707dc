import type { FastifyRequest } from 'fastify'
import { type Html, html, type Part } from './html.js'

/** Where things are, as seen from the page that was asked for, and what its forms carry. */
export interface Place {
  /** The inspector's first page, without a slash at its end. */
  readonly base: string
  /** What shows that a form is one of ours. */
  readonly token: string
}

/**
 * Relative to the page: behind a proxy that takes a prefix off the path, nobody here knows the path that the browser sees.
 * @param root the path of the first page, as the app has it
 */
export function baseFrom(request: FastifyRequest, root: string): string {
  const [path = ''] = request.url.split('?', 1)
  const below = slashesIn(path) - slashesIn(root)
  return '../'.repeat(Math.max(0, below)) + root.slice(root.lastIndexOf('/') + 1)
}

function slashesIn(path: string): number {
  return path.split('/').length - 1
}

/** A form that changes something, or asks for what should not stand in a URL. */
export function form(
  { base, token }: Place,
  path: string,
  fields: Readonly<Record<string, string | undefined>>,
  content: Part,
  className = ''
): Html {
  const hidden = Object.entries({ token, ...fields }).map(
    ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}">`
  )
  return html`<form method="post" action="${base}${path}" class="${className}">${hidden}${content}</form>`
}

/** A path and a query of what is given. */
export function linkTo(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

/** The page of one session, whosever it is. */
export function pathOfOne(session: string, id: string): string {
  return `/session/${encodeURIComponent(session)}/${encodeURIComponent(id)}`
}
