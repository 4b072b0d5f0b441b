import type { Token } from 'markdown-it'
import { createMarkdown } from './markdown.ts'
import { withoutFrontMatter } from './without-front-matter.ts'

/** A piece of a text as a reader sees it: what it says, without the signs that lay it out, under its heading. */
export type Block = {
  kind: 'heading' | 'paragraph' | 'item' | 'row' | 'code'
  /** The nearest heading above; empty before the first. */
  section: string
  text: string
}

/** A Markdown text as its blocks, in their order. Where a link leads to stands behind its words, unless it stays within the text. */
export function readBlocks(markdownText: string): Block[] {
  const blocks: Block[] = []
  let section = ''
  let cells: string[] | undefined
  const open: string[] = []
  for (const token of createMarkdown().parse(withoutFrontMatter(markdownText), {})) {
    if (token.nesting === 1) open.push(token.type)
    if (token.nesting === -1) open.pop()
    if (token.type === 'tr_open') cells = []
    if (token.type === 'tr_close' && cells) {
      blocks.push({ kind: 'row', section, text: cells.join(' | ') })
      cells = undefined
    }
    if (token.type === 'fence' || token.type === 'code_block')
      blocks.push({ kind: 'code', section, text: token.content.trimEnd() })
    if (token.type !== 'inline') continue
    const text = textOf(token.children ?? [])
    if (cells) cells.push(text)
    else if (open.includes('heading_open')) {
      section = text
      blocks.push({ kind: 'heading', section, text })
    } else if (text !== '')
      blocks.push({ kind: open.includes('list_item_open') ? 'item' : 'paragraph', section, text })
  }
  return blocks
}

function textOf(children: readonly Token[]): string {
  let text = ''
  let target = ''
  for (const token of children) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') text += ' '
    else if (token.type === 'link_open') target = String(token.attrGet('href') ?? '')
    else if (token.type === 'link_close') {
      if (target !== '' && !target.startsWith('#') && !text.endsWith(target)) text += ` (${target})`
      target = ''
    } else text += token.content
  }
  return text.replace(/\s+/g, ' ').trim()
}
