import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { RatingExplanation } from '../prices/rate-usage.ts'

const LARGEST_EXPLANATION_BYTES = 64 * 1024

/**
 * An explanation in as few bytes as it can be kept (raw deflate of its JSON): what DynamoDB charges for a write begins anew
 * with every kilobyte, and the explanation of a call is most of what its item says.
 */
export function packExplanation(explanation: RatingExplanation): Uint8Array {
  return deflateRawSync(JSON.stringify(explanation), { level: 9 })
}

/** The explanation as it was packed; throws on anything else. */
export function unpackExplanation(packed: Uint8Array): RatingExplanation {
  const text = inflateRawSync(packed, { maxOutputLength: LARGEST_EXPLANATION_BYTES }).toString('utf8')
  return JSON.parse(text) as RatingExplanation
}
