import type { TellingName } from './telling.ts'

/** Everything that the documents table keeps of a document of the terms stands under this one partition key. */
export const termsKey = (document: string) => `TERMS#${document}`
export const versionKey = (version: string) => `V#${version}`
/** The count of a document's versions, and by client type the newest that concerns it. */
export const LATEST = 'LATEST'

export const tellingKey = ({ document, version, round }: TellingName) => ({
  pk: termsKey(document),
  sk: `TELLING#${version}#${round}`,
})

/** Partitions of the index: all versions, and the rounds of telling clients of them that are not done. */
export const ALL_TERMS = 'TERMS'
export const TELLINGS = 'TERMS_TELLINGS'
