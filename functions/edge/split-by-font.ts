/** A piece of text that one font has all of. */
export type TextRun = { font: string; text: string }
export type FontCoverage = { name: string; has(codePoint: number): boolean }

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u

/**
 * Splits a text into pieces of one font each; a font goes on as long as it has what comes. What none has, and what does not
 * show or would change the order of what does, is written as its code point: a reader sees that something is there.
 */
export function splitByFont(text: string, fonts: readonly FontCoverage[]): TextRun[] {
  const runs: TextRun[] = []
  const add = (font: string, piece: string) => {
    const last = runs.at(-1)
    if (last?.font === font) last.text += piece
    else runs.push({ font, text: piece })
  }
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    const current = fonts.find(({ name }) => name === runs.at(-1)?.font)
    const font = current?.has(codePoint) ? current : fonts.find(({ has }) => has(codePoint))
    const joins = codePoint === 0x200c || codePoint === 0x200d
    if (character === '\n') add(runs.at(-1)?.font ?? fonts[0]!.name, character)
    else if (font && (joins || !INVISIBLE.test(character))) add(font.name, character)
    else add(fonts[0]!.name, `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`)
  }
  return runs.length > 0 ? runs : [{ font: fonts[0]!.name, text: '' }]
}
