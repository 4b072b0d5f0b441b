import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { isConditionFailed } from '../edge/dynamodb.ts'

/** A card that the provider keeps: names of things at the provider, never a number of a card. */
export type SavedCard = { customerId: string; paymentMethodId: string; savedAt: string }

/** The card that an account pays with when it asks for its saved card: the one that was kept last. */
export function createSavedCardStore({
  client,
  paymentsTable,
}: {
  client: DynamoDBDocumentClient
  paymentsTable: string
}) {
  const keyOf = (accountId: string) => ({ pk: accountKey(accountId), sk: 'PAYMENT' })

  async function read(accountId: string): Promise<SavedCard | undefined> {
    const Key = keyOf(accountId)
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    return (
      Item && { customerId: Item.customerId, paymentMethodId: Item.paymentMethodId, savedAt: Item.savedAt }
    )
  }

  /** Keeps the card unless a newer one is kept: an old event that comes again replaces nothing. */
  async function save(accountId: string, card: SavedCard): Promise<void> {
    try {
      await client.send(
        new PutCommand({
          TableName: paymentsTable,
          Item: { ...keyOf(accountId), ...card },
          ConditionExpression: 'attribute_not_exists(pk) OR savedAt < :savedAt',
          ExpressionAttributeValues: { ':savedAt': card.savedAt },
        }),
      )
    } catch (error) {
      if (!isConditionFailed(error)) throw error
    }
  }

  return { read, save }
}
