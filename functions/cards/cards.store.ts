import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { Problem } from '../edge/problem.ts'
import { retryDelayMilliseconds, sleep } from '../edge/retry-delay.ts'
import { asRead } from '../edge/whole-document.ts'
import { cardDueKeys } from './card-calendar.ts'
import { toCards } from './card-item.ts'
import { type Cards, noCards } from './cards.ts'

export type CardStore = ReturnType<typeof createCardStore>

const CARDS = 'CARDS'
const OWNER = 'OWNER'
/** So many lost races in a row are answered `busy`. */
const TRIES = 8
const DELAYS = { firstMilliseconds: 10, longestMilliseconds: 400 }

/** The document of an account's cards, and of each card whose it is. */
export function createCardStore({
  client,
  paymentsTable,
}: {
  client: DynamoDBDocumentClient
  paymentsTable: string
}) {
  /** The cards as they are now (strongly consistent); of an account without any, none. */
  async function read(accountId: string): Promise<Cards> {
    const Key = { pk: accountKey(accountId), sk: CARDS }
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    return Item ? toCards(Item) : noCards(accountId)
  }

  /** Puts the next state in the place of the one that was read; undefined when another write came between. */
  async function replace(before: Cards, next: Cards, at: string): Promise<Cards | undefined> {
    const cards = { ...next, changedAt: at, revision: before.revision + 1n }
    const put = new PutCommand({
      TableName: paymentsTable,
      Item: { pk: accountKey(cards.accountId), sk: CARDS, ...cardDueKeys(cards), ...cards },
      // A revision of zero says that there are none yet.
      ...asRead(before.revision || undefined),
    })
    return (await conditionHeld(client.send(put))) ? cards : undefined
  }

  /**
   * Changes the cards by a decision on them as they are, taken anew after each lost race; the cards after it come back. A
   * decision that hands back what it was given changes nothing. Throws `busy` when others keep writing.
   */
  async function change(
    accountId: string,
    at: string,
    decide: (cards: Cards) => Cards | Promise<Cards>,
  ): Promise<Cards> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await sleep(retryDelayMilliseconds(attempt, DELAYS))
      const before = await read(accountId)
      const next = await decide(before)
      const written = next === before ? before : await replace(before, next, at)
      if (written) return written
    }
    throw new Problem('busy', 'The account’s cards kept changing. Send the same request again.')
  }

  /** Notes whose card it is: the provider's news of a card does not say. Written before the card itself is. */
  async function noteOwner(paymentMethodId: string, accountId: string): Promise<void> {
    const Item = { pk: cardKey(paymentMethodId), sk: OWNER, accountId }
    await client.send(new PutCommand({ TableName: paymentsTable, Item }))
  }

  /** Whose card it is, or was; undefined for one that was never any account's. */
  async function findOwner(paymentMethodId: string): Promise<string | undefined> {
    const Key = { pk: cardKey(paymentMethodId), sk: OWNER }
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    return Item?.accountId as string | undefined
  }

  return { read, replace, change, noteOwner, findOwner }
}

const cardKey = (paymentMethodId: string) => `CARD#${paymentMethodId}`
