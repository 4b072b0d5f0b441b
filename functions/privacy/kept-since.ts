/**
 * What is kept of people beside their accounts, by kind, in the order in which the daily run looks at it. Each stands in the
 * index by since when it is kept, so that what is old is found without going through anything else.
 */
export const KEPT_KINDS = [
  'PERSON_NOTICE',
  'ANNOUNCEMENT_MAIL',
  'ANNOUNCEMENT_SEEN',
  'TAKES_PART',
  'EMAIL_STATUS',
  'CONSENT',
] as const
export type KeptKind = (typeof KEPT_KINDS)[number]

/** The partition of a kind in index1. */
export const keptKey = (kind: KeptKind) => `KEPT#${kind}`

/** The place of an item in the index; `whose` tells it from others of that instant. */
export function keptSince(
  kind: KeptKind,
  since: string,
  ...whose: string[]
): { index1pk: string; index1sk: string } {
  return { index1pk: keptKey(kind), index1sk: [since, ...whose].join('#') }
}
