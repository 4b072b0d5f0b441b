import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { conditionHeld, isConditionFailed } from '../edge/dynamodb.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'

/** Longer than a sender's longest call to the mail service, and shorter than the queue's tries take. */
const LEASE_SECONDS = 15

/** The item of one e-mail to one person. It holds no address. */
export type MailKey = { pk: string; sk: string }

/** `yours`: send it now. `done`: it was sent, turned down or given up. `elsewhere`: somebody sends it now, or died while sending. */
export type MailClaim = 'yours' | 'done' | 'elsewhere'

/** What became of an e-mail for good; `note` is the provider's id of it, or why it was turned down. */
export type MailOutcome = { state: 'sent' | 'rejected' | 'unwanted'; note: string; at: string }

/** Who may send an e-mail, and what became of it: each is claimed before it is sent, and marked after. */
export function createMailClaims(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /**
   * Claims an e-mail for 15 seconds, with what else is to stand in its item. A claim whose time is over is given out again: its
   * holder may have died before it sent.
   */
  async function claim(Key: MailKey, now: Date, about: object = {}): Promise<MailClaim> {
    const leaseUntil = new Date(now.getTime() + LEASE_SECONDS * 1000).toISOString()
    const Item = { ...Key, ...about, state: 'sending', leaseUntil, claimedAt: now.toISOString() }
    try {
      await client.send(
        new PutCommand({
          TableName: documentsTable,
          Item,
          ConditionExpression: 'attribute_not_exists(pk) OR (#state = :sending AND leaseUntil <= :now)',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':sending': 'sending', ':now': now.toISOString() },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      return 'yours'
    } catch (error) {
      if (!isConditionFailed(error)) throw error
      return error.Item?.state?.S === 'sending' ? 'elsewhere' : 'done'
    }
  }

  /**
   * Notes what became of an e-mail, so that it is not sent again, and writes with it what hangs on that. It is noted once; a
   * claim that was erased meanwhile does not come back.
   */
  async function finish(
    Key: MailKey,
    { state, note, at }: MailOutcome,
    together: readonly WriteItem[] = [],
  ): Promise<void> {
    const done: WriteItem = {
      Update: {
        TableName: documentsTable,
        Key,
        UpdateExpression: 'SET #state = :state, note = :note, finishedAt = :at REMOVE leaseUntil',
        ConditionExpression: '#state = :sending',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': state, ':note': note, ':at': at, ':sending': 'sending' },
      },
    }
    const written = await writeTogether(client, [done, ...together])
    if (!written.ok && written.reason === 'busy')
      throw new Error(`e-mail ${Key.sk} came to its end (${state}), which could not be noted`)
  }

  /** Sending failed and is known to have failed: the next try need not wait for the claim to end. */
  async function release(Key: MailKey, now: Date): Promise<void> {
    await conditionHeld(
      client.send(
        new UpdateCommand({
          TableName: documentsTable,
          Key,
          UpdateExpression: 'SET leaseUntil = :now',
          ConditionExpression: '#state = :sending',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':sending': 'sending', ':now': now.toISOString() },
        }),
      ),
    )
  }

  /** How an e-mail stands; undefined where nobody has claimed it. */
  async function stateOf(Key: MailKey): Promise<'sending' | MailOutcome['state'] | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item?.state
  }

  return { claim, finish, release, stateOf }
}
