/**
 * `node report.js [--quick]`: writes the results in results/ into README.md, and as a plot to results.svg; those of a
 * quick run into results/quick/.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { contestants, groups } from './contestants.js'
import { directory, isQuick, measuredNodes, readResults } from './results.js'
import { targets } from './targets.js'

const routes = ['/none', '/read', '/write']
const measured = measuredNodes().map((node) => ({
  node,
  requests: readResults('requests', node),
  parts: readResults('parts', node)
}))
if (measured.length === 0) throw new Error('nothing was measured yet: node run.js')

const mark = '<!-- results -->'
const readme = new URL('README.md', import.meta.url)
const [head] = readFileSync(readme, 'utf8').split(mark)
const plot = '![Microseconds of processor time per request above a bare Fastify](results.svg)'
const to = isQuick ? directory : new URL('.', import.meta.url)
writeFileSync(new URL('README.md', to), [`${head}${mark}`, plot, ...measured.map(section)].join('\n\n').concat('\n'))
writeFileSync(new URL('results.svg', to), await svg(measured[0].requests))

function section({ requests, parts }) {
  const { node, date, machine, system, rounds, seconds, skipped, rows } = requests
  const days = [...new Set(Object.values(parts?.measuredOn ?? {}))].join(', ')
  const left = Object.entries(skipped).map(([name, why]) => `\n\nNot measured: ${name}, for ${why}.`)
  return `## Node ${node.slice(1)}

${date.slice(0, 10)}, ${machine}, ${system}; medians of ${rounds} rounds of ${seconds} s.${days && ` Single costs: ${days}.`}${left.join('')}

### Against the targets

${table(['work', 'target', 'measured', ''], targets(requests, parts).map(targetRow))}

### Per request

Processor time in µs above a bare Fastify with the same cookies (half of the rounds lie between the two in brackets);
requests per second and the 99th percentile of latency in ms.

${table(['', ...routes, 'requests/s', 'p99'], rows.map(requestRow))}`
}

function targetRow({ work, target, measured, isMet }) {
  if (measured === undefined) return [work, target, 'not measured', '']
  return [work, target, measured, isMet ? 'met' : '**not met**']
}

function requestRow({ is, routes: byRoute }) {
  const cell = ({ above, spread }) => `${above.toFixed(1)} (${spread.map((end) => end.toFixed(1)).join(' to ')})`
  const each = (show) => routes.map((route) => show(byRoute[route])).join(' / ')
  return [
    is,
    ...routes.map((route) => cell(byRoute[route])),
    each(({ rps }) => Math.round(rps).toLocaleString('en')),
    each(({ p99 }) => p99)
  ]
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** On a logarithmic axis, since the contestants are a thousand times apart; beside each other what keeps data alike. */
async function svg({ node, rows }) {
  const least = 0.5
  const drawn = Object.entries(groups).flatMap(([group, members]) =>
    Object.entries(members)
      .filter(([name, { plot }]) => plot && rows.some((row) => row.name === name))
      .map(([name, { plot }]) => ({ name, plot: `${group}: ${plot}` }))
  )
  const order = drawn.map(({ plot }) => plot)
  const values = drawn.flatMap(({ name, plot }) =>
    routes.map((route) => {
      const { above } = rows.find((row) => row.name === name).routes[route]
      const text = above < least ? `under ${least}` : Number(above.toPrecision(2)).toLocaleString('en')
      return { plot, route, us: Math.max(least, above), text, by: who(name) }
    })
  )
  // Room for the figure beside the longest bar.
  const most = 4 * Math.max(1000, ...values.map(({ us }) => us))
  const y = { field: 'plot', type: 'nominal', sort: order, axis: { title: null, labelLimit: 420, labelFontSize: 12 } }
  const x = {
    field: 'us',
    type: 'quantitative',
    scale: { type: 'log', domain: [least, most], nice: false },
    axis: { title: 'µs per request', grid: true, values: [1, 10, 100, 1000] }
  }
  const color = {
    field: 'by',
    title: null,
    scale: { domain: ['fastify-sessions', 'peers', 'floor'], range: ['#2563a8', '#b8bec7', '#e0a13c'] },
    legend: { orient: 'bottom', labelFontSize: 12 }
  }
  const spec = compile({
    title: {
      text: 'What a session costs',
      subtitle: `Processor time per request above a bare Fastify, Node ${node.slice(1)}; logarithmic, shorter is better`,
      anchor: 'start',
      fontSize: 16,
      subtitleFontSize: 12
    },
    data: { values },
    facet: { column: { field: 'route', title: null, header: { labelFontSize: 14 } } },
    spec: {
      width: 230,
      height: { step: 20 },
      encoding: { y, x },
      layer: [
        { mark: { type: 'bar', height: 13 }, encoding: { x2: { datum: least }, color } },
        { mark: { type: 'text', align: 'left', dx: 3, fontSize: 11 }, encoding: { text: { field: 'text' } } }
      ]
    },
    config: { background: '#ffffff', padding: 12, view: { stroke: null } }
  }).spec
  return new View(parse(spec), { renderer: 'none' }).toSVG()
}

function who(name) {
  if (name.startsWith('floor')) return 'floor'
  return contestants[name].is.startsWith('fastify-sessions') ? 'fastify-sessions' : 'peers'
}
