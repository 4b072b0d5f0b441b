import newMarkdown, { type MarkdownIt } from 'markdown-it'

/**
 * Markdown as CommonMark with tables. HTML in it is text and is shown as such; links lead to http, https and mailto alone;
 * images, which would tell their server who reads, are links' mere text. Nothing is struck through: what terms say is not
 * both there and not there.
 */
export function createMarkdown(): MarkdownIt {
  const markdown = newMarkdown({ html: false, linkify: false, typographer: false })
  markdown.disable(['image', 'strikethrough'])
  markdown.validateLink = (url) => /^(?:https?:\/\/|mailto:|#|\/(?!\/))/i.test(url.trim())
  return markdown
}
