/** The stylesheet of the local pages. On a narrow screen each row of a table becomes a block whose cells name their columns. */
export const stylesheet = `:root { color-scheme: light dark; --ink: light-dark(#1c2430, #e4e9f0); --quiet: light-dark(#5a6675, #9aa7b6); --line: light-dark(#d8dee6, #333d4a); --ground: light-dark(#f5f7fa, #14181e); --panel: light-dark(#ffffff, #1c222b); --link: light-dark(#0b5fbd, #78b4ff); --wrong: light-dark(#b3261e, #ff8a80); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
header { background: var(--panel); border-bottom: 1px solid var(--line); }
nav { max-width: 66rem; margin: 0 auto; padding: .6rem 1.5rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav a { padding: .2rem 0; text-decoration: none; border-bottom: 2px solid transparent; }
nav a:hover, nav a[aria-current] { border-color: currentColor; }
nav a:first-child { font-weight: 700; color: var(--ink); }
main { max-width: 66rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 1rem 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
a { color: var(--link); }
table, .panel { width: 100%; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: separate; border-spacing: 0; margin: 0 0 1rem; }
.panel { padding: .75rem 1.25rem 1rem; margin: 0 0 1rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: .5rem; }
th, td { text-align: left; padding: .5rem .9rem; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; }
thead th { color: var(--quiet); font-size: .875rem; white-space: nowrap; }
tr:first-child > * { border-top: 0; }
thead + tbody tr:first-child > * { border-top: 1px solid var(--line); }
.number, time { font-variant-numeric: tabular-nums; white-space: nowrap; }
.number { text-align: right; }
.use > * { border-top: 0; padding-top: 0; font-size: .875rem; color: var(--quiet); }
.use .what { padding-left: 2rem; }
.big { font-size: 1.75rem; font-weight: 600; margin: 0; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; }
.facts dt { color: var(--quiet); font-size: .875rem; }
.facts dd { margin: 0; }
.quiet { color: var(--quiet); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .75rem; list-style: none; padding: 0; margin: 0; }
.cards li { padding: .75rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; }
.cards a { font-weight: 600; }
.cards span { display: block; color: var(--quiet); font-size: .925rem; }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .9em; }
pre { white-space: pre-wrap; padding: .75rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; }
iframe { width: 100%; height: 32rem; border: 1px solid var(--line); border-radius: .5rem; background: #fff; }
summary { cursor: pointer; color: var(--quiet); margin-bottom: .5rem; }
label { display: block; margin: .5rem 0 .25rem; }
input, select, button { font: inherit; color: inherit; padding: .45rem .7rem; border: 1px solid var(--quiet); border-radius: .375rem; background: var(--ground); max-width: 100%; }
button { cursor: pointer; background: light-dark(#0b5fbd, #2f7fe0); border-color: transparent; color: #fff; font-weight: 600; }
[role="alert"] { color: var(--wrong); font-weight: 600; }
@media (max-width: 44rem) {
  nav, main { padding-left: 1rem; padding-right: 1rem; }
  table, tbody, tr, td, tbody th { display: block; }
  caption { display: block; }
  thead { display: none; }
  td, tbody th, thead + tbody tr:first-child > * { border: 0; padding: .15rem .9rem; }
  tr { border-top: 1px solid var(--line); padding: .4rem 0; }
  tr:first-child, tr.use { border-top: 0; }
  .number { text-align: left; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
}
`
