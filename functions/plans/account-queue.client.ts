import { createMessageSender } from '../edge/message-sender.client.ts'

/** A queue whose messages name an account and no more. */
export function createAccountQueue(options: Parameters<typeof createMessageSender>[0]) {
  const sender = createMessageSender(options)

  /** Sends a message per account. Throws when some stay out. */
  async function send(accountIds: readonly string[]): Promise<void> {
    await sender.send(accountIds.map((accountId) => ({ accountId })))
  }

  return { send }
}
