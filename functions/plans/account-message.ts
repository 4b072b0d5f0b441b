import { z } from 'zod'

/** The body of a message that names an account and no more. */
export const accountMessageSchema = z.object({ accountId: z.string().min(1) })
