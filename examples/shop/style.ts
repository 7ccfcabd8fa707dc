export const style = `
:root { color-scheme: light; --paper: #faf8f4; --card: #fff; --ink: #23201c; --soft: #6d655b; --line: #e6dfd3; --accent: #b4451f; --on-accent: #fff;
  --notice: #e7f3e6; --notice-ink: #1f5420; --error: #fbe6e1; --error-ink: #8a2413; --shade: 0 1px 2px rgb(60 40 20 / 8%), 0 8px 24px rgb(60 40 20 / 6%); }
[data-theme=dark] { color-scheme: dark; --paper: #191715; --card: #242120; --ink: #f3eee7; --soft: #b3a89b; --line: #3a3532; --accent: #f08a5d; --on-accent: #221009;
  --notice: #1f3320; --notice-ink: #b9e3b7; --error: #42201a; --error-ink: #ffc4b6; --shade: 0 1px 2px rgb(0 0 0 / 40%); }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 ui-sans-serif, system-ui, "Segoe UI", sans-serif; }
a { color: inherit; text-underline-offset: .2em }
a:hover { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px }
header { border-bottom: 1px solid var(--line) }
header > div, main { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem }
header > div { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; padding-block: 1.1rem }
header strong a { font: 700 1.35rem Georgia, "Times New Roman", serif; text-decoration: none; letter-spacing: -.01em }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-left: auto }
nav a { text-decoration: none }
nav b { display: inline-block; min-width: 1.5em; padding: 0 .4em; border-radius: 1em; background: var(--accent); color: var(--on-accent); font-size: .8em; text-align: center }
main { padding-block: 2rem 4rem }
h1 { font: 700 2rem/1.2 Georgia, "Times New Roman", serif; letter-spacing: -.015em; margin: 0 0 1.5rem }
h2 { font: 700 1.15rem Georgia, serif; margin: 0 0 .25rem }
p { margin: 0 0 1rem }
.soft { color: var(--soft) }
.flash { padding: .75rem 1rem; border-radius: 10px; margin: 0 0 1rem; background: var(--notice); color: var(--notice-ink) }
.flash.error { background: var(--error); color: var(--error-ink) }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1.25rem; padding: 0; margin: 0; list-style: none }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 16px; overflow: hidden; box-shadow: var(--shade); display: flex; flex-direction: column }
.card svg { display: block; width: 100%; height: 11rem; background: hsl(var(--hue) 45% 88%); fill: hsl(var(--hue) 45% 45%) }
.card svg .line { fill: none; stroke: hsl(var(--hue) 50% 30%); stroke-width: 5; stroke-linecap: round; stroke-linejoin: round }
[data-theme=dark] .card svg { background: hsl(var(--hue) 20% 22%); fill: hsl(var(--hue) 40% 58%) }
[data-theme=dark] .card svg .line { stroke: hsl(var(--hue) 45% 78%) }
.card div { padding: 1rem 1.1rem 1.1rem; display: flex; flex-direction: column; flex: 1 }
.card form { margin-top: auto; display: flex; justify-content: space-between; align-items: center }
.price { font-variant-numeric: tabular-nums; font-weight: 600 }
button { font: inherit; font-weight: 600; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: 999px; background: var(--accent); color: var(--on-accent); cursor: pointer }
button:hover { filter: brightness(1.08) }
button.quiet { background: transparent; color: var(--accent) }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: 16px; overflow: hidden; box-shadow: var(--shade) }
th, td { padding: .8rem 1rem; text-align: left; border-bottom: 1px solid var(--line) }
tr:last-child > * { border-bottom: 0 }
th { font-weight: 600; color: var(--soft); font-size: .9rem }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 16px; box-shadow: var(--shade); padding: 1.5rem; max-width: 26rem }
label { display: block; margin: 0 0 1rem; font-weight: 600 }
label.check { font-weight: 400; display: flex; gap: .6rem; align-items: center }
input:not([type=checkbox]), select { display: block; width: 100%; margin-top: .3rem; padding: .55rem .7rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 10px }
.row { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin-top: 1.25rem }
.tag { font-size: .8rem; padding: .1rem .6rem; border-radius: 1em; background: var(--notice); color: var(--notice-ink) }
@media (max-width: 40rem) { nav { margin-left: 0 } h1 { font-size: 1.6rem } th, td { padding: .6rem .5rem } .wide { display: none } }
`
