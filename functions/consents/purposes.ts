import { z } from 'zod'
import { sha256OfText } from '../edge/sha256.ts'

/**
 * THE table of purposes: what people may be written to about who have asked for it. A wording is never changed; a new one
 * goes to the end of its list, and is the one that is shown from then on.
 */
const TABLE = {
  product_news: {
    title: 'Product news',
    wordings: [
      {
        version: '2026-11',
        text: 'Send me news of new and changed services by e-mail. I can withdraw this at any time, here or by the link in each of these e-mails.',
      },
    ],
  },
  webinars: {
    title: 'Webinars',
    wordings: [
      {
        version: '2026-11',
        text: 'Invite me to webinars by e-mail. I can withdraw this at any time, here or by the link in each of these e-mails.',
      },
    ],
  },
} as const satisfies Record<string, { title: string; wordings: readonly { version: string; text: string }[] }>

export type Purpose = keyof typeof TABLE
export const PURPOSES = Object.keys(TABLE) as [Purpose, ...Purpose[]]
export const purposeSchema = z.enum(PURPOSES)

/** What is shown to whoever decides. */
export type Wording = { version: string; text: string; sha256: string }

export function titleOf(purpose: Purpose): string {
  return TABLE[purpose].title
}

/** The wording that is shown now. */
export function wordingOf(purpose: Purpose): Wording {
  const { version, text } = TABLE[purpose].wordings.at(-1)!
  return { version, text, sha256: sha256OfText(text) }
}
