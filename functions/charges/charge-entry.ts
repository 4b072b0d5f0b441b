import { z } from 'zod'
import { packExplanation, unpackExplanation } from '../prices/pack-explanation.ts'
import type { RatingExplanation } from '../prices/rate-usage.ts'

const chargeDetailSchema = z.object({
  /** Absent for a one-off charge. */
  service: z.string().optional(),
  /** When the use happened. */
  time: z.string().optional(),
  /** A packed `RatingExplanation`, in base64. */
  explanation: z.string().optional(),
})

/** What the detail of an entry of kind `charge` holds: little enough for an ordinary charge to fit one kilobyte. */
export type ChargeDetail = z.infer<typeof chargeDetailSchema>

/** The detail of a rated charge. */
export function ratedChargeDetail(
  service: string,
  time: string,
  explanation: RatingExplanation,
): ChargeDetail {
  return { service, time, explanation: Buffer.from(packExplanation(explanation)).toString('base64') }
}

/** Reads the detail text of an entry of kind `charge`; throws on any other. */
export function readChargeDetail(
  detail: string,
): Omit<ChargeDetail, 'explanation'> & { explanation?: RatingExplanation } {
  const { explanation, ...rest } = chargeDetailSchema.parse(JSON.parse(detail))
  return {
    ...rest,
    ...(explanation && { explanation: unpackExplanation(Buffer.from(explanation, 'base64')) }),
  }
}
