import { escapeHtml } from '../edge/escape-html.ts'
import { boundComparison } from './bound-comparison.ts'
import type { ComparedBlock, Piece } from './compare-texts.ts'

const TOO_LONG = '<p>So much has changed that it is too long to show here. Please read the whole text.</p>'
const ELEMENTS: Record<Piece['kind'], string> = { same: 'span', added: 'ins', removed: 'del' }

/** What has changed between two texts, under the headings where it stands; what has not is only counted. Says so where it is too long. */
export function renderComparison(compared: readonly ComparedBlock[]): string {
  if (!boundComparison(compared)) return TOO_LONG
  const rendered: string[] = []
  let section: string | undefined
  let sameCount = 0
  const countSame = () => {
    if (sameCount > 0)
      rendered.push(
        `<p class="unchanged">… ${sameCount === 1 ? '1 passage' : `${sameCount} passages`} unchanged …</p>`,
      )
    sameCount = 0
  }
  for (const block of compared) {
    if (block.change === 'same') {
      sameCount += 1
      continue
    }
    countSame()
    if (block.section !== section && block.kind !== 'heading')
      rendered.push(`<h3>${escapeHtml(block.section)}</h3>`)
    section = block.section
    rendered.push(`<div class="change ${block.change}">${block.pieces.map(renderPiece).join('')}</div>`)
  }
  countSame()
  return rendered.join('\n')
}

function renderPiece({ kind, text }: Piece): string {
  return `<${ELEMENTS[kind]}>${escapeHtml(text)}</${ELEMENTS[kind]}>`
}
