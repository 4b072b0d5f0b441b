import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { asRead } from '../edge/whole-document.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { type AutoTopUp, switchedOff, toAutoTopUp } from './auto-top-up.ts'

export type AutoTopUpStore = ReturnType<typeof createAutoTopUpStore>

const AUTO_TOP_UP = 'AUTO_TOP_UP'

/** The document of an account's automatic top-up. */
export function createAutoTopUpStore({
  client,
  paymentsTable,
}: {
  client: DynamoDBDocumentClient
  paymentsTable: string
}) {
  /** As it is now (strongly consistent); undefined when it was never switched on. */
  async function read(accountId: string): Promise<AutoTopUp | undefined> {
    const Key = { pk: accountKey(accountId), sk: AUTO_TOP_UP }
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    return Item && toAutoTopUp(Item)
  }

  /**
   * Puts the next state in the place of the one that was read, with whatever changes with it, or nothing: false when the
   * document or anything beside it was changed meanwhile. Throws when nothing certain is known.
   */
  async function replace(before: AutoTopUp, next: AutoTopUp, beside: WriteItem[] = []): Promise<boolean> {
    const written = await writeTogether(client, [replacementOf(before, next), ...beside])
    if (written.ok) return true
    if (written.reason === 'condition_failed') return false
    throw new Error(`account ${before.accountId}: too busy for its automatic top-up`)
  }

  function replacementOf(before: AutoTopUp, next: AutoTopUp): WriteItem {
    const Item = {
      pk: accountKey(next.accountId),
      sk: AUTO_TOP_UP,
      ...next,
      revision: before.revision + 1n,
    }
    // A revision of zero says that there is none yet.
    return { Put: { TableName: paymentsTable, Item, ...asRead(before.revision || undefined) } }
  }

  /**
   * Items for a transaction that switch it off because a payment is disputed; none where it is not on. When the transaction
   * fails on one of them, the document was changed meanwhile: ask for them anew.
   */
  async function offForDispute(accountId: string, at: string): Promise<WriteItem[]> {
    const document = await read(accountId)
    if (!document || document.status === 'off') return []
    return [replacementOf(document, switchedOff(document, 'disputed', at))]
  }

  /**
   * What switches it off along with a refund that leaves so much available, where it would charge the card for that again:
   * to be read before the refund is decided, and written with it. Undefined where it charges nothing.
   */
  async function offForRefund(accountId: string, at: string) {
    const document = await read(accountId)
    if (!document || document.status === 'off') return undefined
    return (leftMicros: bigint): WriteItem[] =>
      leftMicros < document.thresholdMicros
        ? [replacementOf(document, switchedOff(document, 'refunded', at))]
        : []
  }

  return { read, replace, offForDispute, offForRefund }
}
