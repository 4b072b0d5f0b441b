import { createHash } from 'node:crypto'
import { accountKey } from '../ledger/ledger-keys.ts'

/** A CloudEvents number that a source may reach: sixteen digits sort as text. */
export const LARGEST_NUMBER = 999_999_999_999_999
const NUMBER_DIGITS = 16
const HASH_CHARACTERS = 16

/** A source's name in 96 bits, so that its length does not bear on what HEAD costs. */
export function sourceHash(source: string): string {
  return createHash('sha256').update(source).digest('base64url').slice(0, HASH_CHARACTERS)
}

const numberText = (number: number) => String(number).padStart(NUMBER_DIGITS, '0')

/** In the usage table: one item per batch of a source on an account, under the last number of the batch. */
export const batchPartition = (accountId: string, hash: string) => `NUMBERED#${accountId}#${hash}`
export const batchSortKey = (last: number) => numberText(last)

/** In the usage table: the names of an account's sources, under their hashes. */
export const sourcesPartition = (accountId: string) => `SOURCES#${accountId}`

/** In the waiting table: a run of parked events, under its first number. */
export const parkedPrefix = (hash: string) => `EVENTS#${hash}#`
export const parkedSortKey = (hash: string, first: number) => `${parkedPrefix(hash)}${numberText(first)}`

/** In the ledger table, for its stream: a gap that opened, under its first missing number. */
export const GAP_PREFIX = 'GAP#'
export function gapKey(accountId: string, hash: string, missingFrom: number) {
  return { pk: accountKey(accountId), sk: `${GAP_PREFIX}${hash}#${numberText(missingFrom)}` }
}
