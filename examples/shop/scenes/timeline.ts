import { type Html, html } from '../html.js'
import type { Scene } from './scene.js'
import { type Lane, lanes, type Step } from './step.js'

/** The steps of a scene on three lines: what one does to the left, the other to the right, the store between them. */
export function timeline(names: Scene['lanes'], steps: readonly Step[]): Html {
  return html`<div class="lanes" aria-hidden="true"><span class="at">ms</span> <span>${names.left}</span><span>Store</span><span>${names.right}</span></div>
<ol class="timeline" role="list">${rowsOf(steps).map((row) => line(names, row))}</ol>`
}

/** Which requests are under way while a step happens: their lines are bars. */
interface Row {
  readonly step: Step
  readonly busy: ReadonlySet<Lane>
}

function rowsOf(steps: readonly Step[]): readonly Row[] {
  const busy = new Set<Lane>()
  return steps.map((step) => {
    if (step.edge === 'begins') busy.add(step.lane)
    const row = { step, busy: new Set(busy) }
    if (step.edge === 'ends') busy.delete(step.lane)
    return row
  })
}

function line(names: Scene['lanes'], { step, busy }: Row): Html {
  const { at, lane, edge, link, tone, by, text } = step
  const bars = lanes.map((each) => {
    const isHere = each === lane
    return html`<i class="${each} ${busy.has(each) && 'busy'} ${isHere && (edge ?? 'dot')}"></i>`
  })
  return html`<li class="step on-${lane} ${tone} by-${by} ${edge}"><span class="at">${at.toFixed(1)}<span class="unseen"> milliseconds,</span></span>
${bars}<i class="store"></i>${link !== undefined && html`<i class="link ${link} ${endOf(lane, link)}"></i>`}
<p><span class="unseen">${names[lane]}:</span> ${text}</p></li>`
}

/** Where the line to the store, or from it, has its head. */
function endOf(lane: Lane, link: NonNullable<Step['link']>): string {
  const side = (lane === 'left') === (link === 'from') ? 'left' : 'right'
  return link === 'stopped' ? `cross-${side}` : `head-${side}`
}
