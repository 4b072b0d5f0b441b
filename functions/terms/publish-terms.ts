import { requestHash } from '../edge/request-id.ts'
import { sha256OfText } from '../edge/sha256.ts'
import type { TermsPublication, TermsText, TermsVersion } from './terms.ts'

/** A text that is to be kept as a file. */
export type KeptText = { fileKey: string; text: string }

/**
 * What a publication becomes: the version but for its number, its texts as files, and a hash of all that was asked, by which a
 * repeat is known. A file's name carries its text's hash: a publication that died half-way leaves files that no other text
 * has to fight with.
 */
export function draftTerms(
  publication: TermsPublication,
  by: { actor: string; at: string },
): { draft: Omit<TermsVersion, 'number'>; texts: KeptText[]; publicationHash: string } {
  const { text: _, translations, ...rest } = publication
  const kept = [publication, ...translations].map((each) => keepText(publication, each))
  const [binding, ...others] = kept.map(({ described }) => described)
  const draft = {
    ...rest,
    ...binding!,
    translations: others,
    publishedAt: by.at,
    publishedBy: by.actor,
  }
  const hashes = kept.map(({ described: { language, title, summary = '', textSha256 } }) => ({
    ...{ language, title, summary, textSha256 },
  }))
  return {
    draft,
    texts: kept.map(({ described, text }) => ({ fileKey: described.fileKey, text })),
    publicationHash: requestHash({ ...rest, texts: hashes }),
  }
}

function keepText(
  { document, version }: TermsPublication,
  { language, title, summary, text }: { language: string; title: string; summary?: string; text: string },
): { described: TermsText; text: string } {
  const textSha256 = sha256OfText(text)
  const fileKey = `terms/${document}/${version}/${language}-${textSha256.slice(0, 32)}.md`
  const textBytes = BigInt(Buffer.byteLength(text))
  return { text, described: { language, title, ...(summary && { summary }), textSha256, textBytes, fileKey } }
}
