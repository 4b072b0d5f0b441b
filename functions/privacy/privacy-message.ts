import { z } from 'zod'

/** A message of the queue: go on with a request, or with the retention of a day. */
export const privacyMessageSchema = z.union([
  z.strictObject({ accountId: z.string().min(1), requestId: z.string().min(1) }),
  z.strictObject({ retentionDay: z.iso.date() }),
])
export type PrivacyMessage = z.infer<typeof privacyMessageSchema>
export type SendPrivacy = (messages: readonly PrivacyMessage[]) => Promise<void>
