import type { TermsVersion } from './terms.ts'

/** Each document's newest version, by the document's name. */
export function newestByDocument(versions: readonly TermsVersion[]): TermsVersion[] {
  const newest = new Map<string, TermsVersion>()
  for (const version of versions) {
    const other = newest.get(version.document)
    if (!other || other.number < version.number) newest.set(version.document, version)
  }
  return [...newest.values()].sort((one, other) => (one.document < other.document ? -1 : 1))
}
