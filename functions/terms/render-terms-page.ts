import { escapeHtml } from '../edge/escape-html.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --line: #d8dee6; --ground: #ffffff; --panel: #f5f7fa; --accent: #0b5fbd; --came: #d9f2e0; --went: #fbe0de; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #9aa7b6; --line: #333d4a; --ground: #14181e; --panel: #1c222b; --accent: #6aaaf0; --came: #16402a; --went: #4d211f; } }
* { box-sizing: border-box; }
body { margin: 0; font: 17px/1.6 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .5rem; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.25rem; }
h3, h4, h5, h6 { margin: 1.6rem 0 .4rem; font-size: 1.05rem; }
.facts { margin: 0 0 2rem; color: var(--soft); }
a { color: var(--accent); }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .95em; }
th, td { padding: .45rem .6rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }
pre { padding: .8rem; background: var(--panel); overflow-x: auto; }
ins { background: var(--came); text-decoration: underline; text-decoration-thickness: 1px; }
del { background: var(--went); }
.change { margin: 0 0 .9rem; padding: .55rem .8rem; border-left: 3px solid var(--line); background: var(--panel); }
.change.added { border-color: #2c9a5b; }
.change.removed { border-color: #c4453c; }
.unchanged { color: var(--soft); font-size: .9em; }
`

/** A page of its own for a document: its title, what is said of it in a line, and its content as HTML that is safe already. */
export function renderTermsPage(page: {
  language: string
  title: string
  facts: string
  content: string
}): string {
  const title = escapeHtml(page.title)
  return `<!doctype html>
<html lang="${escapeHtml(page.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="facts">${escapeHtml(page.facts)}</p>
${page.content}
</main>
</body>
</html>
`
}
