import { SCRIPT } from './script.js'
import { STYLE } from './style.js'

/** What browsers load besides the pages. */
interface Asset {
  readonly file: string
  readonly type: string
  readonly text: string
}

export const style: Asset = { file: 'inspector.css', type: 'text/css; charset=utf-8', text: STYLE }
export const script: Asset = { file: 'inspector.js', type: 'text/javascript; charset=utf-8', text: SCRIPT }
export const icon: Asset = {
  file: 'icon.svg',
  type: 'image/svg+xml',
  text: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#3b4fd8"/><circle cx="16" cy="16" r="9" fill="none" stroke="#fff" stroke-width="3"/><path d="M16 10v6l4 3" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>'
}
