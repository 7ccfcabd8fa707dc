import type { IncomingHttpHeaders } from 'node:http'

/** `prefetch`, or that with parameters: `prefetch;prerender`. */
const PREFETCH = /^\s*prefetch\s*(;|$)/i

/** Whether a browser asks ahead of a click that may never come: `Sec-Purpose` (Fetch §3.9), formerly `Purpose`. */
export function isPrefetch(headers: IncomingHttpHeaders): boolean {
  const purpose = headers['sec-purpose'] ?? headers['purpose']
  return purpose !== undefined && PREFETCH.test(String(purpose))
}
