import type { ComparedBlock } from './compare-texts.ts'

export type Change = ComparedBlock & { change: 'added' | 'removed' | 'changed' }

/**
 * So much of a comparison fits into a reply of 6 MB, however its characters are written: seven bytes each at most, and 150 for
 * what is around each piece. Two texts of the largest size that have nothing in common do, unless they are cut up very small.
 */
const MOST_CHARACTERS = 640_000
const MOST_PIECES = 10_000

/** What a comparison shows as changed, each with the section it stands under; undefined where that is too much to be shown. */
export function boundComparison(compared: readonly ComparedBlock[]): Change[] | undefined {
  const changes = compared.filter((block): block is Change => block.change !== 'same')
  let [characters, pieces] = [0, 0]
  for (const change of changes) {
    characters += change.section.length + change.pieces.reduce((sum, { text }) => sum + text.length, 0)
    pieces += change.pieces.length
  }
  return characters <= MOST_CHARACTERS && pieces <= MOST_PIECES ? changes : undefined
}
