import { createHash } from 'node:crypto'
import { requestHash } from '../edge/request-id.ts'
import type { TermsPublication, TermsVersion } from './terms.ts'

/** The SHA-256 of a text in UTF-8, in hexadecimal digits: what anyone can compute from the file. */
export function sha256OfText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/**
 * What a publication becomes: the version but for its number, and a hash of all that was asked, by which a repeat is
 * known. The file's name carries the text's hash: a publication that died half-way leaves a file that no other text
 * has to fight with.
 */
export function draftTerms(
  publication: TermsPublication,
  by: { actor: string; at: string },
): { draft: Omit<TermsVersion, 'number'>; publicationHash: string } {
  const { text, class: termsClass, ...rest } = publication
  const textSha256 = sha256OfText(text)
  const { document, version, language } = publication
  const draft = {
    ...rest,
    class: termsClass,
    publishedAt: by.at,
    publishedBy: by.actor,
    textSha256,
    textBytes: BigInt(Buffer.byteLength(text)),
    fileKey: `terms/${document}/${version}/${language}-${textSha256.slice(0, 32)}.md`,
  }
  return { draft, publicationHash: requestHash({ ...rest, class: termsClass, textSha256 }) }
}
