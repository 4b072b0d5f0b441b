import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { RatingExplanation } from './rate-usage.ts'

const LARGEST_EXPLANATION_BYTES = 64 * 1024

/**
 * Text that explanations have in common, so that what is kept of one is little more than its numbers. What was packed with
 * a dictionary needs the very same one forever: never change it, add another under the next number.
 */
const DICTIONARIES: Record<number, Buffer> = {
  1: Buffer.from(
    [
      '"alreadyUsed":"0","parts":[{"quantity":"1","amount":"0.01"},{"quantity":"',
      '{"step":"unanswered","seconds":"0"},{"step":"within_free_seconds","seconds":"0"}',
      '{"price":{"service":"messaging.sms","version":1,"clientType":"private_cloud","effectiveFrom":"2026-11-01T00:00:00.000Z","model":"per_unit"},"currency":"EUR","quantity":"1","parts":[{"quantity":"1","amount":"0.05"}],"amount":"0.05","rounding":"half_even"}',
      '"clientType":"global_infrastructure","clientType":"hosted","model":"per_duration"},"currency":"GBP","per":"second"',
      '{"price":{"service":"voice.call","version":1,"clientType":"any","effectiveFrom":"2026-01-01T00:00:00.000Z","model":"rate_deck"},"currency":"USD","rateDeck":{"deck":"international","version":1,"prefix":"44","destination":"4420","direction":"inbound","direction":"outbound","name":"',
      '"},"seconds":"60","billedSeconds":"60","terms":{"per":"minute","firstIntervalSeconds":60,"incrementSeconds":6,"minimumSeconds":0,"connectionFee":"0","freeSeconds":0},"steps":[{"step":"used","seconds":"60"},{"step":"minimum","seconds":"30"},{"step":"first_interval","seconds":"60"},{"step":"increment","seconds":"66"},{"step":"rate","amount":"0.0',
      '","parts":[{"quantity":"60","amount":"0.0"}],"per":"minute","rounding":"half_even"},{"step":"connection_fee","amount":"0.0"}],"amount":"0.0","rounding":"half_even"}',
    ].join(''),
  ),
}
const NEWEST_DICTIONARY = 1

/**
 * An explanation in as few bytes as it can be kept: the number of a dictionary, then the raw deflate of its JSON. What
 * DynamoDB charges for a write begins anew with every kilobyte, and an explanation would be most of what an item says.
 */
export function packExplanation(explanation: RatingExplanation): Uint8Array {
  const dictionary = DICTIONARIES[NEWEST_DICTIONARY]!
  const packed = deflateRawSync(JSON.stringify(explanation), { level: 9, dictionary })
  return Buffer.concat([Buffer.of(NEWEST_DICTIONARY), packed])
}

/** The explanation as it was packed; throws on anything else. */
export function unpackExplanation(packed: Uint8Array): RatingExplanation {
  const dictionary = DICTIONARIES[packed[0] ?? 0]
  if (!dictionary)
    throw new Error(`an explanation was packed with dictionary ${packed[0]}, which is not known`)
  const text = inflateRawSync(packed.subarray(1), { maxOutputLength: LARGEST_EXPLANATION_BYTES, dictionary })
  return JSON.parse(text.toString('utf8')) as RatingExplanation
}
