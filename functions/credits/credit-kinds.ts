/** Why credit is given: what a client brings along, a kindness, or a mistake put right. Each has its contra account. */
export const CREDIT_KINDS = ['migration', 'goodwill', 'correction'] as const
export type CreditKind = (typeof CREDIT_KINDS)[number]
