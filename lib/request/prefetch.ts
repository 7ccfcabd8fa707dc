import type { IncomingHttpHeaders } from 'node:http'

/** Matches `prefetch`, also with parameters: `prefetch;prerender`. */
const PREFETCH = /^\s*prefetch\s*(;|$)/i

/**
 * Whether a browser sends this request ahead of a click that may never come: `Sec-Purpose` (Fetch §3.9), formerly
 * `Purpose`.
 */
export function isPrefetch(headers: IncomingHttpHeaders): boolean {
  return PREFETCH.test(String(headers['sec-purpose'] ?? headers['purpose']))
}
