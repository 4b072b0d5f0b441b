/** A fault put into the code on purpose, so that it can be shown to be caught: every text must be there, once. */
export type Breakage = {
  name: string
  /** One of these the violation has to say, so that no other fault is taken for this one. */
  shows: string[]
  /** From which it is shown soon; default 1. */
  seed?: number
  edits: { file: string; find: string; replace: string }[]
}

let edits: Breakage['edits'] = []

/** From now on, sources are read with this breakage in them. */
export function breakFrom(breakage: Breakage): void {
  edits = breakage.edits
}

/** A module's source, broken where it is to be. Throws when the text to be replaced is not there exactly once. */
export function breakSource(url: string, source: string): string {
  return edits
    .filter(({ file }) => url.endsWith(`/${file}`))
    .reduce((text, { file, find, replace }) => {
      if (text.split(find).length !== 2) throw new Error(`${file} does not say once: ${find}`)
      return text.replace(find, () => replace)
    }, source)
}
