import { type Html, html } from './html.js'

/** The colours of a picture, derived from the hue of its `color`. */
const dark = html`fill="oklch(from currentcolor 43% 0.09 h)"`
const light = html`fill="oklch(from currentcolor 81% 0.08 h)"`
const shadow = html`fill="oklch(from currentcolor 30% 0.05 h / 20%)"`
const glow = html`fill="oklch(from currentcolor 81% 0.08 h / 35%)"`
const spot = html`fill="oklch(65% 0.13 45)"`
const darkLine = html`fill="none" stroke="oklch(from currentcolor 43% 0.09 h)"`
const lightLine = html`fill="none" stroke="oklch(from currentcolor 81% 0.08 h)"`

/** The pictures of the products. */
export const pictures = {
  teapot: drawing(
    45,
    html`<ellipse ${shadow} cx="80" cy="113" rx="44" ry="5"/>
<path ${darkLine} d="M112 64c20-6 26 10 17 21-5 7-13 11-21 11"/>
<path ${dark} d="M52 92C36 88 38 66 22 56l9-8c16 7 16 20 28 22z"/>
<path d="M44 78c0-20 16-31 36-31s36 11 36 31c0 20-15 34-36 34S44 98 44 78z"/>
<path ${lightLine} d="M54 76c2-10 8-16 17-19"/>
<path ${dark} d="M56 52c3-11 13-16 24-16s21 5 24 16c-8-4-40-4-48 0z"/><circle ${dark} cx="80" cy="31" r="6"/>
<path ${lightLine} stroke-width="3" d="M21 44c-5-6 5-9 0-16M31 36c-4-5 4-7 0-12"/>`
  ),
  lamp: drawing(
    85,
    html`<ellipse ${shadow} cx="84" cy="113" rx="42" ry="5"/>
<path ${glow} d="M34 60 14 112h84L74 48z"/>
<path ${darkLine} d="M92 108 108 66 76 34"/><path ${dark} d="M68 108a24 9 0 0 1 48 0v4H68z"/>
<circle ${spot} cx="108" cy="66" r="5.5"/><circle ${light} cx="56" cy="58" r="10"/>
<path d="M64 18c12-4 22 6 20 18L72 50 34 62c-4-22 8-40 30-44z"/><path ${lightLine} d="M46 48c2-10 7-16 14-19"/>`
  ),
  notebook: drawing(
    235,
    html`<ellipse ${shadow} cx="80" cy="113" rx="42" ry="4"/>
<g transform="rotate(-7 80 64)"><rect ${light} x="50" y="20" width="70" height="90" rx="5"/><rect ${dark} x="44" y="16" width="72" height="92" rx="6"/>
<rect x="54" y="16" width="62" height="92" rx="5"/><rect ${light} x="66" y="34" width="38" height="24" rx="3"/>
<path ${darkLine} stroke-width="3" d="M73 43h24M73 50h15"/><path ${spot} d="M96 16h8v50l-4-5-4 5z" opacity=".95"/><path ${darkLine} stroke-width="3" d="M49 30h-3M49 46h-3M49 62h-3M49 78h-3M49 94h-3"/></g>`
  ),
  plant: drawing(
    148,
    html`<ellipse ${shadow} cx="80" cy="114" rx="34" ry="4"/>
<path ${darkLine} stroke-width="3" d="M80 84C80 66 74 50 62 38M80 84c0-20 6-34 22-46M80 84c-4-12-14-18-26-20M80 84c4-10 14-16 28-16"/>
<path d="M66 44C46 42 40 26 44 14c16 2 26 14 22 30z"/><path d="M98 42c-6-16 2-28 18-32 6 16-2 28-18 32z"/>
<path ${dark} d="M58 66c-10 10-24 8-32-2 8-10 24-10 32 2z"/><path ${dark} d="M104 70c8-12 22-12 32-4-6 12-22 14-32 4z"/><path ${light} d="M82 52c-12-10-10-26 0-36 10 10 12 26 0 36z"/>
<path ${darkLine} stroke-width="3" d="M82 84V32"/>
<path ${spot} d="M52 80h56l-4 12H56z"/><path ${spot} d="M57 92h46l-5 22H62z"/>`
  ),
  mug: drawing(
    22,
    html`<ellipse ${shadow} cx="80" cy="113" rx="40" ry="5"/>
<path ${darkLine} d="M106 60h8c20 0 20 34 0 34h-10"/><path d="M44 44h66l-3 58a10 10 0 0 1-10 10H57a10 10 0 0 1-10-10z"/>
<ellipse ${dark} cx="77" cy="44" rx="33" ry="7"/><ellipse ${spot} cx="77" cy="45.5" rx="28" ry="4.5"/>
<path ${lightLine} d="M55 62l2 32"/><circle ${light} cx="84" cy="70" r="2.5"/><circle ${light} cx="94" cy="86" r="2"/><circle ${light} cx="74" cy="92" r="2"/><circle ${light} cx="96" cy="62" r="1.8"/>
<path ${lightLine} stroke-width="3" d="M68 30c-6-6 6-10 0-16M84 30c-6-6 6-10 0-16"/>`
  ),
  blanket: drawing(
    310,
    html`<ellipse ${shadow} cx="80" cy="113" rx="54" ry="5"/>
<path ${dark} d="M32 84h96a14 14 0 0 1 0 28H32z"/><path ${lightLine} stroke-width="3" d="M36 98h92"/>
<path d="M36 58h92a13 13 0 0 1 0 26H36a13 13 0 0 1 0-26z"/><path ${lightLine} stroke-width="3" d="M30 71h98"/>
<path ${light} d="M40 34h86a12 12 0 0 1 0 24H40a12 12 0 0 1 0-24z"/><path ${darkLine} stroke-width="3" d="M36 46h90"/>
<path ${spot} d="M60 34h14v78H60z" opacity=".9"/>`
  ),
  candle: drawing(
    68,
    html`<ellipse ${shadow} cx="80" cy="113" rx="40" ry="5"/>
<circle ${glow} cx="80" cy="40" r="34"/>
<path ${spot} d="M80 16c14 16 12 34 0 34s-14-18 0-34z"/><path ${light} d="M80 32c6 8 5 17 0 17s-6-9 0-17z"/><path ${darkLine} stroke-width="3" d="M80 50v10"/>
<path ${light} d="M54 62h52v40H54z"/><ellipse ${light} cx="80" cy="62" rx="26" ry="6"/>
<path d="M48 70h64v32a10 10 0 0 1-10 10H58a10 10 0 0 1-10-10z"/><rect ${light} x="62" y="80" width="36" height="20" rx="3"/><path ${darkLine} stroke-width="3" d="M69 87h22M73 93h14"/>`
  ),
  radio: drawing(
    185,
    html`<ellipse ${shadow} cx="80" cy="113" rx="52" ry="5"/>
<path ${darkLine} stroke-width="3" d="M108 42 128 12"/><circle ${dark} cx="128" cy="12" r="3.5"/><path ${darkLine} d="M46 46V34h54v12"/>
<rect x="26" y="44" width="108" height="66" rx="12"/><rect ${dark} x="36" y="54" width="48" height="46" rx="6"/>
<path ${lightLine} stroke-width="3" d="M44 64h32M44 72h32M44 80h32M44 88h32"/><rect ${light} x="92" y="54" width="32" height="14" rx="3"/><path ${spot} d="M106 54h3v14h-3z"/>
<circle ${light} cx="101" cy="86" r="9"/><path ${darkLine} stroke-width="3" d="M101 86l4-6"/><circle ${spot} cx="119" cy="86" r="5"/>
<path ${dark} d="M40 110h12v4H40zM108 110h12v4h-12z"/>`
  )
} as const

export const icons = {
  logo: html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" class="logo" width="30" fill="#b4451f" aria-hidden="true"><path d="M4 13 7 4h18l3 9a4 4 0 0 1-6 3 4 4 0 0 1-6 0 4 4 0 0 1-6 0 4 4 0 0 1-6-3z"/><path d="M6 19c2 1 4 .5 5-.7 3 1.7 7 1.7 10 0 1 1.2 3 1.7 5 .7v9h-7v-6a3 3 0 0 0-6 0v6H6z"/></svg>`,
  cart: icon(
    html`<path d="M3 4h3l2.5 11h10L21 7H7"/><circle cx="10" cy="19.5" r="1.2"/><circle cx="17" cy="19.5" r="1.2"/>`
  ),
  sliders: icon(
    html`<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.7"/><circle cx="8" cy="17" r="2.7"/>`
  ),
  person: icon(html`<circle cx="12" cy="8" r="4"/><path d="M4.5 20c1-8 14-8 15 0"/>`),
  tick: icon(html`<path d="m5 12.5 4.5 4.5L19 7.5"/>`),
  stop: icon(html`<circle cx="12" cy="12" r="9"/><path d="M12 7v6M12 16.5v.1"/>`)
} as const

/** @param hue The hue in OKLCH, in degrees. */
function drawing(hue: number, content: Html): Html {
  return html`<svg class="picture" viewBox="0 0 160 128" color="oklch(61% 0.12 ${hue})" fill="currentcolor" stroke-width="5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${content}</svg>`
}

function icon(content: Html): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" width="24" fill="none" stroke="currentcolor" stroke-width="1.8" stroke-linecap="round" aria-hidden="true">${content}</svg>`
}
