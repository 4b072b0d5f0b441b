/** A document for people to read: a title, then sections of paragraphs and of named values. */
export type PdfContent = {
  title: string
  /** Beneath the title. */
  introduction: string[]
  sections: { heading: string; lines: [name: string, value: string][]; paragraphs?: string[] }[]
  /** At the foot of each page, before its number. */
  footer: string
  createdAt: Date
}
