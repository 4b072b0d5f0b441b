/** A text without the YAML block that many Markdown files begin with, and what that block calls it. */
export type FrontMatterSplit = { text: string; title?: string }

const FRONT_MATTER = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/
const TITLE = /^title:[ \t]*(?<title>.+?)[ \t]*$/m

/** Takes off what a site's generator wants to know, which is no part of what people read. */
export function splitFrontMatter(source: string): FrontMatterSplit {
  const found = FRONT_MATTER.exec(source)
  if (!found) return { text: source }
  const title = TITLE.exec(found[1]!)?.groups?.title?.replace(/^(["'])(.*)\1$/, '$2')
  return { text: source.slice(found[0].length).replace(/^\s*\n/, ''), ...(title && { title }) }
}
