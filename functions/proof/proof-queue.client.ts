import { z } from 'zod'
import { createMessageSender } from '../edge/message-sender.client.ts'

/** So few that a message is worked off well within its time, however long the histories. */
const MOST_ACCOUNTS_PER_MESSAGE = 10

/** The body of a message of this queue. */
export const proofMessageSchema = z.object({ accountIds: z.array(z.string().min(1)).min(1) })

/** The queue of accounts to be proven, some to a message. */
export function createProofQueue(options: Parameters<typeof createMessageSender>[0]) {
  const sender = createMessageSender(options)

  async function send(accountIds: readonly string[]): Promise<void> {
    const messages: z.infer<typeof proofMessageSchema>[] = []
    for (let start = 0; start < accountIds.length; start += MOST_ACCOUNTS_PER_MESSAGE)
      messages.push({ accountIds: accountIds.slice(start, start + MOST_ACCOUNTS_PER_MESSAGE) })
    await sender.send(messages)
  }

  return { send }
}
