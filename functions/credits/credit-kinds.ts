/** Why credit is given: what a client brings along, a kindness, a promotion, or a mistake put right. Each has its contra account. */
export const CREDIT_KINDS = ['migration', 'goodwill', 'promotional', 'correction'] as const
export type CreditKind = (typeof CREDIT_KINDS)[number]
