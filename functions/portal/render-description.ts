import { escapeHtml } from '../edge/escape-html.ts'

/** The little Markdown that descriptions use: paragraphs and code. */
export function renderDescription(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${escapeHtml(paragraph).replace(/`([^`]+)`/g, '<code>$1</code>')}</p>`)
    .join('')
}
