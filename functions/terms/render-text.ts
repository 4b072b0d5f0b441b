import { createMarkdown } from './markdown.ts'
import { withoutFrontMatter } from './without-front-matter.ts'

const HEADING_LEVELS_DOWN = 1

/** A published text as HTML for a page of ours, whose own title is the first heading: what is written in it can run nothing. */
export function renderText(markdownText: string): string {
  const markdown = createMarkdown()
  const names = new Map<string, number>()
  markdown.core.ruler.push('headings', ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type !== 'heading_open' && token.type !== 'heading_close') continue
      token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + HEADING_LEVELS_DOWN)}`
      if (token.type === 'heading_open') token.attrSet('id', nameOf(tokens[index + 1]!.content, names))
    }
  })
  markdown.core.ruler.push('outside_links', ({ tokens }) => {
    const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open')
    for (const link of links) link.attrSet('rel', 'noopener noreferrer nofollow')
  })
  return markdown.render(withoutFrontMatter(markdownText))
}

/** The name by which links within the text reach a heading, as GitHub makes it: `A. Definitions` is `a-definitions`. */
function nameOf(heading: string, names: Map<string, number>): string {
  const base = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
  const count = names.get(base) ?? 0
  names.set(base, count + 1)
  return count === 0 ? base : `${base}-${count}`
}
