import { type Lot, orderOfUse } from './lot.ts'

/** Everything of an account's ledger stands under this one partition key. */
export const accountKey = (accountId: string) => `ACCOUNT#${accountId}`

const SORT_KEY_DIGITS = 12
export const HEAD_KEY = 'HEAD'
export const entryKey = (sequence: bigint) => `ENTRY#${sequence.toString().padStart(SORT_KEY_DIGITS, '0')}`
export const idempotencyKey = (key: string) => `KEY#${key}`
/** What of an entry has been given back. */
export const undoneKey = (sequence: bigint) => `UNDONE#${sequence.toString().padStart(SORT_KEY_DIGITS, '0')}`
export const LOT_PREFIX = 'LOT#'
/** Sorts the lots that wait behind HEAD in their order of use. */
export const lotKey = (lot: Omit<Lot, 'remainingMicros'>) => `${LOT_PREFIX}${orderOfUse(lot)}`
