import { diffArrays, diffWordsWithSpace } from 'diff'
import { type Block, readBlocks } from './read-blocks.ts'

/** A run of words that both texts have, or only the later (added) or the earlier (removed). */
export type Piece = { kind: 'same' | 'added' | 'removed'; text: string }

/** A block of the two texts read side by side. */
export type ComparedBlock = Block & {
  change: 'same' | 'added' | 'removed' | 'changed'
  pieces: Piece[]
}

/** Beyond these, texts have so little in common that a comparison says nothing: one is shown as removed, the other as added. */
const MOST_DIFFERENT_BLOCKS = 1000
const MOST_DIFFERENT_WORDS = 1500
/** A run of removed and added blocks is searched for pairs only if it is no longer than this. */
const LONGEST_RUN_BLOCKS = 200
/** Two blocks are one that was changed if so much of their words are the same. */
const LEAST_LIKENESS = 0.5

/**
 * What has changed from one Markdown text to a later one, block by block and within a changed block word by word, in the order
 * in which a person reads: what was removed stands before what was added in its place. All that either text says is in it,
 * once: the same and removed pieces are the earlier text, the same and added ones the later.
 */
export function compareTexts(earlier: string, later: string): ComparedBlock[] {
  const [before, after] = [readBlocks(earlier), readBlocks(later)]
  const runs = diffArrays(before, after, {
    comparator: (one, other) => one.kind === other.kind && one.text === other.text,
    maxEditLength: MOST_DIFFERENT_BLOCKS,
  })
  if (!runs) return [...before.map(asRemoved), ...after.map(asAdded)]
  const compared: ComparedBlock[] = []
  let removed: Block[] = []
  for (const run of runs) {
    if (run.removed) {
      removed = run.value
      continue
    }
    if (run.added) compared.push(...pairUp(removed, run.value))
    else compared.push(...removed.map(asRemoved), ...run.value.map(asSame))
    removed = []
  }
  return [...compared, ...removed.map(asRemoved)]
}

/** Puts each added block beside the removed one that it most likely was, keeping the order of both. */
function pairUp(removed: readonly Block[], added: readonly Block[]): ComparedBlock[] {
  if (removed.length + added.length > LONGEST_RUN_BLOCKS)
    return [...removed.map(asRemoved), ...added.map(asAdded)]
  const best = bestPairs(removed, added)
  const compared: ComparedBlock[] = []
  let [row, column] = [0, 0]
  while (row < removed.length || column < added.length) {
    const [one, other] = [removed[row], added[column]]
    const without = best[row + 1]?.[column] ?? -1
    const withoutOther = best[row]![column + 1] ?? -1
    const here = best[row]![column]!
    if (one && other && here > without && here > withoutOther) {
      compared.push(asChanged(one, other))
      row += 1
      column += 1
    } else if (one && (!other || without >= withoutOther)) {
      compared.push(asRemoved(one))
      row += 1
    } else {
      compared.push(asAdded(other!))
      column += 1
    }
  }
  return compared
}

/** For each place in the two runs, how alike what follows can be made by pairing. */
function bestPairs(removed: readonly Block[], added: readonly Block[]): number[][] {
  const best = Array.from({ length: removed.length + 1 }, () => Array<number>(added.length + 1).fill(0))
  const [removedWords, addedWords] = [removed.map(wordsOf), added.map(wordsOf)]
  for (let row = removed.length - 1; row >= 0; row--) {
    for (let column = added.length - 1; column >= 0; column--) {
      const isSameKind = removed[row]!.kind === added[column]!.kind
      const alike = isSameKind ? likeness(removedWords[row]!, addedWords[column]!) : 0
      const paired = alike >= LEAST_LIKENESS ? alike + best[row + 1]![column + 1]! : 0
      best[row]![column] = Math.max(paired, best[row + 1]![column]!, best[row]![column + 1]!)
    }
  }
  return best
}

function wordsOf({ text }: Block): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
}

/** The words that two blocks share, of all that they have: from 0 to 1. */
function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const shared = [...one].filter((word) => other.has(word)).length
  return shared === 0 ? 0 : (2 * shared) / (one.size + other.size)
}

function asChanged(one: Block, other: Block): ComparedBlock {
  const words = diffWordsWithSpace(one.text, other.text, { maxEditLength: MOST_DIFFERENT_WORDS })
  if (!words)
    return { ...other, change: 'changed', pieces: [...asRemoved(one).pieces, ...asAdded(other).pieces] }
  return { ...other, change: 'changed', pieces: joinOverSpaces(words.map(asPiece)) }
}

function asPiece({ value, added, removed }: { value: string; added: boolean; removed: boolean }): Piece {
  if (added) return { kind: 'added', text: value }
  return { kind: removed ? 'removed' : 'same', text: value }
}

/** Words that changed one after the other read as one change, not as one each with an unchanged space between them. */
function joinOverSpaces(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = []
  let [removed, added] = ['', '']
  const finish = () => {
    if (removed !== '') joined.push({ kind: 'removed', text: removed })
    if (added !== '') joined.push({ kind: 'added', text: added })
    removed = added = ''
  }
  for (const [index, { kind, text }] of pieces.entries()) {
    const isBetween = index < pieces.length - 1 && (removed !== '' || added !== '')
    const isSpace = kind === 'same' && text.trim() === '' && isBetween
    if (kind === 'removed' || isSpace) removed += text
    if (kind === 'added' || isSpace) added += text
    if (kind !== 'same' || isSpace) continue
    finish()
    joined.push({ kind, text })
  }
  finish()
  return joined
}

const asWhole = (kind: Piece['kind']) => (block: Block) => ({
  ...block,
  change: kind,
  pieces: [{ kind, text: block.text }],
})
const asSame = asWhole('same')
const asAdded = asWhole('added')
const asRemoved = asWhole('removed')
