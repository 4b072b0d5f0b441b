const FRONT_MATTER = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/

/** A text without the YAML block that many Markdown files begin with: for a site's generator, no part of what people read. */
export function withoutFrontMatter(source: string): string {
  const found = FRONT_MATTER.exec(source)
  return found ? source.slice(found[0].length).replace(/^\s*\n/, '') : source
}
