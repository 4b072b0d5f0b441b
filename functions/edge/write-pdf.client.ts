import PDFDocument from 'pdfkit'
import type { PdfContent } from './pdf-content.ts'
import { HEADING_FONT, TEXT_FONTS } from './pdf-fonts.ts'
import { splitByFont, type TextRun } from './split-by-font.ts'

const MARGIN = 50
const NAME_WIDTH = 120
const GAP = 8
const SIZES = { title: 18, heading: 12, text: 9, footer: 8 }

/**
 * An A4 document with its own fonts alone: the standard fonts of PDF are files beside the library, which a bundle does not have
 * (https://github.com/foliojs/pdfkit/issues/1441). What no font has is written as its code point, such as `[U+4E2D]`.
 */
export async function writePdf(content: PdfContent): Promise<Uint8Array> {
  const pdf = new PDFDocument({
    size: 'A4',
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN + 20 },
    // None of the standard fonts, which are the default.
    font: null as unknown as string,
    bufferPages: true,
    lang: 'en',
    displayTitle: true,
    info: { Title: content.title, CreationDate: content.createdAt },
  })
  const done = collect(pdf)
  const setting = openFonts(pdf)
  heading(pdf, content.title, SIZES.title)
  for (const paragraph of content.introduction) setting.paragraph(paragraph)
  for (const { heading: text, lines, paragraphs = [] } of content.sections) {
    pdf.moveDown(1)
    // A heading is not left alone at the foot of a page.
    if (pdf.y > pdf.page.height - 140) pdf.addPage()
    heading(pdf, text, SIZES.heading)
    for (const [name, value] of lines) setting.line(name, value)
    for (const paragraph of paragraphs) setting.paragraph(paragraph)
  }
  numberPages(pdf, content.footer)
  pdf.end()
  return done
}

type Pdf = InstanceType<typeof PDFDocument>

function collect(pdf: Pdf): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    pdf.on('data', (part: Uint8Array) => parts.push(part))
    pdf.on('end', () => resolve(Buffer.concat(parts)))
    pdf.on('error', reject)
  })
}

function heading(pdf: Pdf, text: string, size: number): void {
  pdf.font('heading').fontSize(size).text(text, MARGIN)
  pdf.moveDown(0.3)
}

function openFonts(pdf: Pdf) {
  for (const [name, bytes] of [HEADING_FONT, ...TEXT_FONTS]) pdf.registerFont(name, Buffer.from(bytes))
  const fonts = TEXT_FONTS.map(([name]) => ({ name, has: hasGlyph(pdf, name) }))
  pdf.font('latin')

  function write(text: string, left: number, width: number): void {
    const runs = splitByFont(text, fonts)
    pdf.fontSize(SIZES.text)
    const place = pdf.y
    runs.forEach((run: TextRun, index) => {
      const continued = index < runs.length - 1
      pdf.font(run.font)
      // The first run says where the text stands, the others go on behind it.
      if (index === 0) pdf.text(run.text, left, place, { width, continued })
      else pdf.text(run.text, { width, continued })
    })
  }

  /** About: what the first font does not have is wider or narrower in another. */
  function heightOf(text: string, width: number): number {
    return pdf.font('latin').fontSize(SIZES.text).heightOfString(text, { width })
  }

  function paragraph(text: string): void {
    write(text, MARGIN, pdf.page.width - 2 * MARGIN)
    pdf.moveDown(0.4)
  }

  function line(name: string, value: string): void {
    const valueWidth = pdf.page.width - 2 * MARGIN - NAME_WIDTH - GAP
    const height = Math.max(heightOf(name, NAME_WIDTH), heightOf(value, valueWidth))
    if (pdf.y + height > pdf.page.maxY()) pdf.addPage()
    const { page, y: top } = pdf
    pdf.fillColor('#595959')
    write(name, MARGIN, NAME_WIDTH)
    const bottom = pdf.y
    pdf.fillColor('#000000')
    pdf.y = top
    write(value || '–', MARGIN + NAME_WIDTH + GAP, valueWidth)
    // What fills more than a page has gone on to another.
    if (pdf.page === page) pdf.y = Math.max(pdf.y, bottom)
    pdf.y += 1
    pdf.x = MARGIN
  }

  return { paragraph, line }
}

/** Whether a font has a character, asked once for each; the library tells it of the font that is in use. */
function hasGlyph(pdf: Pdf, name: string): (codePoint: number) => boolean {
  const known = new Map<number, boolean>()
  const opened = pdf.font(name) as unknown as {
    _font: { font: { hasGlyphForCodePoint(codePoint: number): boolean } }
  }
  const { font } = opened._font
  return (codePoint) => {
    const found = known.get(codePoint) ?? font.hasGlyphForCodePoint(codePoint)
    known.set(codePoint, found)
    return found
  }
}

function numberPages(pdf: Pdf, footer: string): void {
  const { start, count } = pdf.bufferedPageRange()
  for (let page = start; page < start + count; page++) {
    pdf.switchToPage(page)
    // Text below the margin would begin a page of its own.
    pdf.page.margins.bottom = 0
    const text = `${footer} · page ${page - start + 1} of ${count}`
    pdf
      .font('latin')
      .fontSize(SIZES.footer)
      .fillColor('#595959')
      .text(text, MARGIN, pdf.page.height - MARGIN, { lineBreak: false })
    pdf.fillColor('#000000')
  }
}
