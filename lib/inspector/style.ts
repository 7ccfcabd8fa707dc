/** One sheet for all pages. Without a wish of the reader's, the theme is the system's. */
export const STYLE = `:root {
  color-scheme: light dark;
  --page: light-dark(#f6f7f9, #101318);
  --card: light-dark(#ffffff, #191d24);
  --edge: light-dark(#d9dde5, #2d343f);
  --text: light-dark(#1a1f29, #e7eaf0);
  --quiet: light-dark(#565f6e, #a2abba);
  --accent: light-dark(#3144c4, #9db0ff);
  --on-accent: light-dark(#ffffff, #10131c);
  --room: light-dark(#e4e7ee, #2c333e);
  --good: light-dark(#11693c, #74d49e);
  --good-tint: light-dark(#e0f4e8, #153524);
  --warn: light-dark(#7f4e00, #f0bd61);
  --warn-tint: light-dark(#fcf0d8, #3a2c11);
  --fault: light-dark(#ad1f2d, #ff9aa2);
  --fault-tint: light-dark(#fde8ea, #42191e);
  --code: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
:root[data-theme='light'] { color-scheme: light }
:root[data-theme='dark'] { color-scheme: dark }
* { box-sizing: border-box }
[hidden] { display: none !important }
body {
  margin: 0;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif;
}
a { color: var(--accent); text-underline-offset: 0.2em }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px }
main:focus { outline: none }
code, pre, textarea, .request time { font-family: var(--code); font-size: 0.875em; font-variant-ligatures: none }
.long { word-break: break-all }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;
}
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--card); padding: 0.5rem 1rem; z-index: 1 }
.skip:focus { top: 0.5rem }
.top {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.5rem;
  padding: 0.5rem max(1rem, calc((100% - 70rem) / 2));
  background: var(--card); border-bottom: 1px solid var(--edge);
}
.brand { margin: 0; font-weight: 700; letter-spacing: -0.01em }
.brand a { color: inherit; text-decoration: none }
nav { flex: 1 1 auto }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem; margin: 0; padding: 0; list-style: none }
nav a { display: block; padding: 0.375rem 0.75rem; border-radius: 6px; color: var(--quiet); text-decoration: none }
nav a:hover { color: var(--text); background: var(--room) }
nav a[aria-current] { color: var(--accent); background: var(--room); font-weight: 600 }
.theme { display: flex; margin: 0; padding: 2px; border: 1px solid var(--edge); border-radius: 8px }
.theme label { position: relative; cursor: pointer }
.theme input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer }
.theme span { display: block; padding: 0.125rem 0.625rem; border-radius: 6px; font-size: 0.8125rem; color: var(--quiet) }
.theme input:checked + span { background: var(--room); color: var(--text); font-weight: 600 }
.theme input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 1px }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { margin: 0 0 0.25rem; font-size: 1.625rem; line-height: 1.25; letter-spacing: -0.015em }
h2 { margin: 0; font-size: 1.125rem; line-height: 1.4 }
h3 { margin: 0 0 0.375rem; font-size: 0.875rem; font-weight: 600 }
.lead { margin: 0 0 1.5rem; max-width: 44rem; color: var(--quiet) }
.quiet { color: var(--quiet) }
.warn { color: var(--warn) }
.notice { margin: 0.75rem 0 1.25rem; padding: 0.625rem 1rem; border-radius: 8px; background: var(--good-tint); color: var(--good) }
.notice.fault { background: var(--fault-tint); color: var(--fault) }
.card { margin: 0 0 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--edge); border-radius: 12px; scroll-margin-top: 1rem }
.card > header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.25rem 1rem; margin-bottom: 0.75rem }
.card > p { margin: 0 0 0.75rem }
.card > :last-child { margin-bottom: 0 }
.badges { display: flex; flex-wrap: wrap; gap: 0.375rem; margin: 0; min-width: 0 }
.badge { padding: 0.0625rem 0.5625rem; border-radius: 99px; background: var(--room); font-size: 0.8125rem }
.badge.good { background: var(--good-tint); color: var(--good) }
.badge.fault { background: var(--fault-tint); color: var(--fault) }
.badge.quiet { color: var(--quiet) }
.problem { padding: 0.625rem 0.875rem; border-radius: 8px; background: var(--fault-tint); color: var(--fault) }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem 2.5rem; margin-bottom: 1.25rem }
.columns > * { min-width: 0 }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1.25rem; align-items: start }
.grid .card { margin: 0 }
dl { margin: 0 }
dl > div { display: grid; grid-template-columns: 8.5rem 1fr; gap: 0.5rem; padding: 0.25rem 0 }
dt { color: var(--quiet) }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere }
.grid dl > div { grid-template-columns: 1fr auto }
.figure { margin-bottom: 1rem }
.figure p { margin: 0.25rem 0 0; font-size: 0.875rem; color: var(--quiet) }
svg { display: block; width: 100%; overflow: hidden }
.bar { height: 8px; border-radius: 4px; margin-top: 0.5rem }
.timeline { height: 22px }
.sparkline { height: 48px; border-bottom: 1px solid var(--edge) }
svg .room { fill: var(--room) }
.taken, svg .left { fill: var(--accent) }
svg .left { opacity: 0.45 }
svg .past { fill: var(--quiet) }
.now { fill: var(--text) }
.much .taken { fill: var(--warn) }
.full .taken { fill: var(--fault) }
.area { fill: var(--accent); opacity: 0.16 }
.line { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1rem; margin: 0.25rem 0 0; padding: 0; list-style: none; font-size: 0.875rem; color: var(--quiet) }
main p time, .legend time { font-variant-numeric: tabular-nums }
.legend time { color: var(--text) }
.legend li::before { content: ''; display: inline-block; width: 0.625rem; height: 0.625rem; margin-right: 0.375rem; border-radius: 3px; background: var(--quiet) }
.legend .left::before { background: var(--accent); opacity: 0.45 }
.legend .room::before { background: var(--room); outline: 1px solid var(--edge) }
.scroll { overflow-x: auto; margin-bottom: 1rem; border: 1px solid var(--edge); border-radius: 8px }
table { width: 100%; border-collapse: collapse }
th, td { padding: 0.5rem 0.75rem; text-align: left; vertical-align: top }
thead th { font-size: 0.8125rem; font-weight: 600; color: var(--quiet); background: var(--page) }
tbody tr { border-top: 1px solid var(--edge) }
tbody th { font-weight: 600; white-space: nowrap }
.number { text-align: right; font-variant-numeric: tabular-nums }
.type { color: var(--quiet); overflow-wrap: anywhere }
.values { table-layout: fixed }
.values th:nth-child(1) { width: 22% }
.values th:nth-child(2) { width: 33% }
.value { margin: 0; max-height: 16rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.hidden-value { color: var(--quiet) }
.flashes { margin: 0 0 1rem; padding: 0; list-style: none }
.flashes p { margin: 0 }
.flashes .value { padding: 0.5rem 0.75rem; background: var(--page); border-radius: 6px }
summary { cursor: pointer; color: var(--accent); width: fit-content }
.edit summary { font-size: 0.875rem }
.edit form { display: grid; gap: 0.375rem; margin-top: 0.375rem; justify-items: start }
label { font-size: 0.875rem; color: var(--quiet) }
input:not([type='radio']), select, textarea {
  width: 100%; padding: 0.5rem 0.625rem; border: 1px solid var(--quiet); border-radius: 6px;
  background: var(--page); color: var(--text); font: inherit;
}
textarea { font-family: var(--code); font-size: 0.875rem; resize: vertical }
button {
  padding: 0.4375rem 0.875rem; border: 1px solid var(--quiet); border-radius: 6px; background: var(--card);
  color: var(--text); font: inherit; font-size: 0.875rem; font-weight: 600; cursor: pointer;
}
button:hover { background: var(--room) }
.ask button, .edit button { border-color: transparent; background: var(--accent); color: var(--on-accent) }
.danger { border-color: var(--fault); color: var(--fault) }
.danger:hover { background: var(--fault-tint) }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem }
.ask { display: grid; grid-template-columns: minmax(0, 26rem) auto; gap: 0.375rem 0.5rem; justify-content: start; margin: 0.75rem 0 1.5rem }
.ask label { grid-column: 1 / -1 }
.find { grid-template-columns: minmax(7rem, auto) minmax(0, 26rem) auto; align-items: end }
.find p { display: grid; gap: 0.375rem; margin: 0; min-width: 0 }
.find select, .find input, .find button, .ask > input { height: 2.625rem }
.button {
  display: inline-block; padding: 0.4375rem 0.875rem; border: 1px solid var(--quiet); border-radius: 6px; background: var(--card);
  color: var(--text); font-size: 0.875rem; font-weight: 600; text-decoration: none;
}
.button:hover { background: var(--room) }
.small { padding: 0.125rem 0.625rem }
.narrow { display: none }
.paging { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 1rem 0 }
.count { margin: 0 0 0.5rem; font-size: 0.875rem }
.choice { margin: 0 0 1rem }
.list th, .list td { padding: 0.375rem 0.75rem; vertical-align: middle }
.list tbody th { font-weight: 400 }
.list { background: var(--card) }
.list td:nth-child(2) { overflow-wrap: anywhere }
.list td:last-child { text-align: right }
.list time { white-space: nowrap; font-variant-numeric: tabular-nums }
.reason { max-width: 44rem; font-size: 1.0625rem }
.noted { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.75rem }
.noted p { margin: 0; max-width: 44rem; font-size: 0.9375rem }
.card > details { margin-bottom: 0.75rem }
.requests { display: grid; gap: 0.5rem; margin: 0; padding: 0; list-style: none }
.requests > li { display: grid; grid-template-columns: minmax(14rem, 22rem) 1fr; gap: 0.25rem 1.5rem; padding: 0.625rem 1rem; background: var(--card); border: 1px solid var(--edge); border-radius: 8px }
.request { margin: 0; overflow-wrap: anywhere }
.request time { color: var(--quiet) }
.method { font-weight: 600; font-size: 0.875rem }
.steps { margin: 0; padding: 0; list-style: none; min-width: 0 }
.step { position: relative; padding-left: 1rem; overflow-wrap: anywhere }
.step::before { content: ''; position: absolute; left: 0; top: 0.53em; width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--room); outline: 1px solid var(--quiet) }
.step.write::before { background: var(--good); outline-color: var(--good) }
.step.replay::before { background: var(--accent); outline-color: var(--accent) }
.step.end::before { background: var(--warn); outline-color: var(--warn) }
.step.fault::before { background: var(--fault); outline-color: var(--fault) }
.step.fault .text { color: var(--fault) }
.step.replay .text { color: var(--accent) }
.cost { color: var(--quiet); font-size: 0.875rem; white-space: nowrap }
.more { grid-column: 2; margin: 0; font-size: 0.875rem }
.live { margin-left: 0.25rem; color: var(--good); font-weight: 600 }
@media (max-width: 40rem) {
  .narrow { display: inline }
  .top { padding: 0.5rem 0.75rem }
  nav { order: 1; flex-basis: 100% }
  nav ul { gap: 0 0.125rem; margin: 0 -0.5rem }
  nav a { padding: 0.375rem 0.5rem; font-size: 0.9375rem; white-space: nowrap }
  .choice ul { margin: 0 }
  .theme { margin-left: auto }
  main { padding: 1rem 0.75rem 3rem }
  .card { padding: 1rem }
  dl > div { grid-template-columns: 6.5rem 1fr }
  .requests > li { grid-template-columns: minmax(0, 1fr) }
  .values, .values tbody, .values tr, .values th, .values td,
  .list, .list tbody, .list tr, .list th, .list td { display: block; width: auto !important }
  .values thead, .list thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .values tr, .list tr { padding: 0.5rem 0.75rem }
  .values tbody tr:first-child, .list tbody tr:first-child { border-top: 0 }
  .values th, .values td, .list th, .list td { padding: 0.125rem 0; overflow-wrap: anywhere; white-space: normal }
  .list tr { position: relative }
  .list tbody th, .list td:nth-child(2) { margin-right: 4.5rem }
  .list td:nth-child(3), .list td:nth-child(4) { display: inline-block; font-size: 0.875rem; color: var(--quiet) }
  .list td:nth-child(4)::before { content: '·'; margin: 0 0.375rem }
  .list td:last-child { position: absolute; top: 0.5rem; right: 0.75rem }
  .more { grid-column: 1 }
  .ask, .find { grid-template-columns: minmax(0, 1fr) }
  .ask button { justify-self: start }
}
`
