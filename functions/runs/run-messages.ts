import { z } from 'zod'

const periodSchema = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/)

/** The body of a message that says: this segment has accounts to charge. */
export const segmentMessageSchema = z.object({
  period: periodSchema,
  shard: z.int().min(0),
  number: z.int().min(1),
})

/** The body of a message that says: this run is to be looked over. */
export const scanMessageSchema = z.object({ period: periodSchema })
