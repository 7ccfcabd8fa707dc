import type { Registry } from '../definition/registry.js'
import { beginning, type Figures, percentile, type StoreFigures } from './figures.js'
import { type Html, html, type Part } from './html.js'
import { bar, sparkline } from './plots.js'
import { counted, grouped, tripOf } from './words.js'

export function storesPage(registry: Registry, { stores }: Figures): Part {
  const used = [...new Set(registry.definitions.map(({ events }) => events.store))]
  const names = [...new Set([...used, ...stores.keys()])]
  return [
    html`<p class="lead">What this process did at each store since it started, as its events tell.</p>`,
    html`<div class="grid">${names.map((name) => storeCard(stores.get(name) ?? beginning(name), sessionsIn(registry, name)))}</div>`
  ]
}

function sessionsIn({ definitions }: Registry, store: string): readonly string[] {
  return definitions.filter(({ events }) => events.store === store).map(({ name }) => name)
}

function storeCard(figures: StoreFigures, sessions: readonly string[]): Html {
  const { name, refused, ended, failed, swept, evicted } = figures
  const counts: [string, number][] = [
    ['Cookies that gave no session', refused],
    ['Sessions ended', ended],
    ['Expired records swept', swept],
    ['Live records evicted', evicted],
    ['Failures', failed]
  ]
  return html`<section class="card" aria-labelledby="store-${name}"><header><h2 id="store-${name}">${name}</h2><p class="badges">${failed > 0 && html`<span class="badge fault">${counted(failed, 'failure')}</span>`}</p></header>
<p class="quiet">${sessions.length > 0 ? `Keeps ${sessions.join(', ')}` : 'Keeps no session of its own'}</p>
${trips('Reads', figures.loads, figures.loadTimes)}
${trips('Saves', figures.saves, figures.saveTimes)}
${conflicts(figures)}
<dl>${counts.filter(([, count]) => count > 0).map(([term, count]) => html`<div><dt>${term}</dt><dd>${grouped(count)}</dd></div>`)}</dl></section>`
}

function trips(what: string, count: number, times: readonly number[]): Html {
  const [median, high] = [percentile(times, 50), percentile(times, 95)]
  if (median === undefined || high === undefined)
    return html`<div class="figure"><h3>${what}</h3><p class="quiet">none yet</p></div>`
  return html`<div class="figure"><h3>${what}: ${grouped(count)}</h3>${sparkline(times)}<p>half within ${tripOf(median)}, 95 of 100 within ${tripOf(high)}, of the last ${times.length}</p></div>`
}

/** A cookie has no version that a parallel request could have moved on. */
function conflicts({ name, saves, replayed }: StoreFigures): Part {
  if (saves === 0 || name === 'cookie') return false
  const rate = replayed === 0 ? 'No save' : `${((replayed / saves) * 100).toFixed(1)} of 100 saves`
  return html`<div class="figure"><h3>Conflicts: ${grouped(replayed)}</h3>${bar(replayed, saves)}<p>${rate} met a parallel request whose changes came first, and had its own replayed on them</p></div>`
}
