/** `node report.js`: writes the results in results/ into README.md, and as a plot to results.svg. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { contestants } from './contestants.js'
import { measuredNodes, readResults } from './results.js'
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
writeFileSync(readme, [`${head}${mark}`, plot, ...measured.map(section)].join('\n\n').concat('\n'))
writeFileSync(new URL('results.svg', import.meta.url), await svg(measured[0].requests))

function section({ requests, parts }) {
  const { node, date, machine, system, rounds, seconds, skipped, rows } = requests
  const left = Object.entries(skipped).map(([name, why]) => `\n\nNot measured: ${name}, for ${why}.`)
  return `## Node ${node.slice(1)}

${date.slice(0, 10)}, ${machine}, ${system}; medians of ${rounds} rounds of ${seconds} s.${left.join('')}

### Against the targets

${table(['work', 'target', 'measured', ''], targets(requests, parts).map(targetRow))}

### Per request

Processor time in µs above a bare Fastify with the same cookies (half of the rounds lie between the two in brackets);
requests per second and the 99th percentile of latency in ms.

${table(['', ...routes, 'requests/s', 'p99'], rows.map(requestRow))}`
}

function targetRow({ work, target, measured, isMet }) {
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

/** On a logarithmic axis, since the contestants are a thousand times apart. */
async function svg({ node, rows }) {
  const least = 0.5
  const values = rows.flatMap(({ name, is, routes: byRoute }) =>
    name.includes('go')
      ? []
      : routes.map((route) => ({ is, route, us: Math.max(least, byRoute[route].above), by: who(name) }))
  )
  const spec = compile({
    title: {
      text: 'What a session costs',
      subtitle: `µs of processor time per request above a bare Fastify, ${node}; logarithmic`,
      anchor: 'start'
    },
    data: { values },
    facet: { column: { field: 'route', title: null, header: { labelFontSize: 13 } } },
    spec: {
      width: 210,
      height: { step: 17 },
      encoding: {
        y: { field: 'is', type: 'nominal', sort: null, axis: { title: null, labelLimit: 420 } },
        x: {
          field: 'us',
          type: 'quantitative',
          scale: { type: 'log', domainMin: least, nice: false },
          axis: { title: 'µs', grid: true, values: [1, 10, 100, 1000] }
        }
      },
      layer: [
        {
          mark: { type: 'bar', height: 11 },
          encoding: {
            x2: { datum: least },
            color: {
              field: 'by',
              title: null,
              scale: { domain: ['fastify-sessions', 'peers', 'floor'], range: ['#2563a8', '#b8bec7', '#e0a13c'] },
              legend: { orient: 'bottom' }
            }
          }
        },
        {
          mark: { type: 'text', align: 'left', dx: 3, fontSize: 9 },
          encoding: { text: { field: 'us', type: 'quantitative', format: '.2~r' } }
        }
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
