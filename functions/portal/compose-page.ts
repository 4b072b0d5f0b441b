/** What pages are put together from, by name: `web/styles/<name>.css` and `web/scripts/<name>.page.js`. */
export type PageParts = {
  styles: Record<string, string>
  scripts: Record<string, string>
}

/**
 * A page with its styles in one element and its scripts, in their order, in another, so that its policy names each by a hash
 * and nothing is loaded beside it. The places are comments: `<!-- styles: a b -->` and `<!-- scripts: a b -->`. Throws for a
 * name that there is no part of.
 */
export function composePage(template: string, { styles, scripts }: PageParts): string {
  return template
    .replace(/<!-- styles: (.*?) -->/g, (_place, names) => `<style>\n${join(styles, names)}</style>`)
    .replace(/<!-- scripts: (.*?) -->/g, (_place, names) => {
      const text = join(scripts, names)
      // Nothing in it may end its element.
      if (/<\/script|<!--/i.test(text)) throw new Error(`the scripts ${names} would end early`)
      return `<script>\n'use strict'\n${text}</script>`
    })
}

function join(parts: Record<string, string>, names: string): string {
  return names
    .split(' ')
    .map((name) => {
      const part = parts[name]
      if (part === undefined) throw new Error(`there is no part ${name}`)
      return part
    })
    .join('')
}

/** The frame that all pages of the portal share, around what one of them shows. */
export function framePage(frame: string, page: { title: string; content: string; scripts: string }): string {
  return frame
    .replaceAll('{title}', () => page.title)
    .replace('<!-- content -->', () => page.content)
    .replace('<!-- page script -->', () => `<!-- scripts: session format safe-html frame ${page.scripts} -->`)
}
