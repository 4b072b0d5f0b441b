import type { Token } from 'markdown-it'
import { createMarkdown } from './markdown.ts'
import { withoutFrontMatter } from './without-front-matter.ts'

/**
 * A piece of a text as a reader sees it: what it says, without the signs that lay it out, under its heading. In lists a number
 * is part of it, and a dash stands for each level below the first.
 */
export type Block = {
  kind: 'heading' | 'paragraph' | 'item' | 'row' | 'code'
  /** The nearest heading above; empty before the first. */
  section: string
  text: string
}

/** A list that is being read; an ordered one has the number of its next item. */
type List = { next?: number }

const LEVEL_MARK = '– '

/** A Markdown text as its blocks, in their order. Where a link leads to, and its title, stand behind its words. */
export function readBlocks(markdownText: string): Block[] {
  const blocks: Block[] = []
  let section = ''
  let cells: string[] | undefined
  let isHeading = false
  const lists: List[] = []
  /** Numbers of items that have said nothing yet. */
  let numbers = ''
  const add = (kind: Block['kind'], text: string) => {
    blocks.push({ kind, section, text: LEVEL_MARK.repeat(Math.max(0, lists.length - 1)) + numbers + text })
    numbers = ''
  }
  for (const token of createMarkdown().parse(withoutFrontMatter(markdownText), {})) {
    const list = lists.at(-1)
    if (token.type === 'ordered_list_open') lists.push({ next: Number(token.attrGet('start') ?? 1) })
    if (token.type === 'bullet_list_open') lists.push({})
    if (token.type === 'list_item_open' && list?.next !== undefined) numbers += `${list.next++}. `
    if (token.type === 'list_item_close') numbers = ''
    if (token.type === 'ordered_list_close' || token.type === 'bullet_list_close') lists.pop()
    if (token.type === 'heading_open') isHeading = true
    if (token.type === 'heading_close') isHeading = false
    if (token.type === 'tr_open') cells = []
    if (token.type === 'tr_close' && cells) {
      add('row', cells.join(' | '))
      cells = undefined
    }
    if (token.type === 'fence' || token.type === 'code_block') add('code', token.content.trimEnd())
    if (token.type !== 'inline') continue
    const text = textOf(token.children ?? [])
    if (cells) cells.push(text)
    else if (isHeading) {
      section = text
      add('heading', text)
    } else if (text !== '') add(lists.length > 0 ? 'item' : 'paragraph', text)
  }
  return blocks
}

function textOf(children: readonly Token[]): string {
  let text = ''
  let behind = ''
  for (const token of children) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') text += ' '
    else if (token.type === 'link_open') behind = describeLink(token)
    else if (token.type === 'link_close') {
      // An address that is written out is not said twice.
      if (behind !== '' && !text.endsWith(behind)) text += ` (${behind})`
      behind = ''
    } else text += token.content
  }
  return text.replace(/\s+/g, ' ').trim()
}

/** Where a link leads to, and what is shown to whoever points at it. */
function describeLink(link: Token): string {
  const title = link.attrGet('title')
  return [String(link.attrGet('href') ?? ''), title && `"${title}"`].filter(Boolean).join(' ')
}
