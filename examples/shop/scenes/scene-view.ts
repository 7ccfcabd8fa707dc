import { type Html, html } from '../html.js'
import { icons } from '../pictures.js'
import { ago } from '../time.js'
import type { Act, Scene } from './scene.js'
import type { Outcome, Run } from './step.js'
import { timeline } from './timeline.js'

/** A scene with its button, and what came of it when it was run last. */
export function sceneView(scene: Scene, place: number, run: Run | undefined, isFresh: boolean): Html {
  const { name, title, situation } = scene
  const label = run === undefined ? 'Run it' : 'Run it again'
  return html`<section class="scene" id="${name}" aria-labelledby="title-${name}" tabindex="-1">
<div class="intro row">
  <div class="grow"><h2 id="title-${name}"><b class="number">${place}</b> ${title}</h2>
  <p>${situation}</p></div>
  <form class="row" method="post" action="/behind-the-scenes/${name}">
    <button class="${run !== undefined && 'quiet'}" aria-label="${label}: ${title}">${label}</button>
    ${run !== undefined && html`<small class="soft">Run ${ago(new Date(run.at))}, in ${tookOf(run)} ms</small>`}
  </form>
</div>
${run !== undefined && played(scene, run, isFresh)}
</section>`
}

/** From the first step to the last, in ms. */
function tookOf({ acts }: Run): string {
  return acts.reduce((sum, { steps }) => sum + (steps.at(-1)?.at ?? 0), 0).toFixed(0)
}

function played({ lanes, acts, why }: Scene, run: Run, isFresh: boolean): Html {
  const shown = acts.map((act, index) => {
    const done = run.acts[index]
    return (
      done !== undefined &&
      html`<div class="act">${actHead(act, done.outcome)}<div class="drawing">${timeline(lanes, done.steps)}</div></div>`
    )
  })
  const handler = acts[0]?.handler
  return html`<div class="${acts.length > 1 ? 'acts' : 'one-act'} ${isFresh && 'fresh'}">${shown}
<div class="reading"><h3>Why</h3><p>${why}</p>${handler !== undefined && code(handler)}</div></div>`
}

function actHead({ title, given }: Act, { isGood, text }: Outcome): Html {
  return html`${title !== undefined && html`<h3>${title}</h3>`}
<p class="outcome ${isGood ? 'good' : 'bad'}">${isGood ? icons.tick : icons.stop} <span>${text}</span></p>
<p class="soft given">${given}</p>`
}

function code(source: string): Html {
  return html`<h3>The code, as it ran</h3><pre class="code"><code>${source}</code></pre>`
}
