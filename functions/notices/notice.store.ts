import { createHash } from 'node:crypto'
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { personIdOf, personKey } from '../consents/person-key.ts'
import { isConditionFailed } from '../edge/dynamodb.ts'

/** Longer than a sender's longest call to the mail service, and shorter than the queue's tries take. */
const LEASE_SECONDS = 15

/** One notice for one recipient: of an account, or once for all accounts of the person, whichever of them comes first. */
export type NoticeKey = { accountId: string; noticeId: string; recipient: string; oncePerPerson?: boolean }

/**
 * `yours`: send it now. `done`: it was sent, or turned down for good. `elsewhere`: somebody sends it now, or died while sending;
 * also for another account of the person, whose message may find when it comes again that there it need not be sent any more.
 */
export type NoticeClaim = 'yours' | 'done' | 'elsewhere'

/**
 * What was sent to whom, under `NOTICE#<event id>#<hash of the address>` of the account, or `NOTICE#<id>` of the person
 * where one is told once: addresses themselves are not kept.
 */
export function createNoticeStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /** Claims a notice for 15 seconds. A claim whose time is over is given out again: its holder may have died before it sent. */
  async function claim(notice: NoticeKey, now: Date): Promise<NoticeClaim> {
    const leaseUntil = new Date(now.getTime() + LEASE_SECONDS * 1000).toISOString()
    const Item = {
      ...keyOf(notice),
      ...{ noticeId: notice.noticeId, accountId: notice.accountId },
      state: 'sending',
      leaseUntil,
      claimedAt: now.toISOString(),
    }
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
   * The notice was sent, or turned down for good: it is not sent again. A claim that was erased meanwhile does not come back.
   */
  async function finish(
    notice: NoticeKey,
    outcome: { state: 'sent' | 'rejected'; note: string; at: string },
  ): Promise<void> {
    try {
      await client.send(
        new UpdateCommand({
          TableName: documentsTable,
          Key: keyOf(notice),
          UpdateExpression: 'SET #state = :state, note = :note, finishedAt = :at REMOVE leaseUntil',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':state': outcome.state, ':note': outcome.note, ':at': outcome.at },
        }),
      )
    } catch (error) {
      if (!isConditionFailed(error)) throw error
    }
  }

  /** How a notice stands; undefined where nobody has claimed it. */
  async function stateOf(notice: NoticeKey): Promise<'sending' | 'sent' | 'rejected' | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key: keyOf(notice), ConsistentRead: true }),
    )
    return Item?.state
  }

  /** Sending failed and is known to have failed: the next delivery need not wait for the claim to end. */
  async function release(notice: NoticeKey, now: Date): Promise<void> {
    await client.send(
      new UpdateCommand({
        TableName: documentsTable,
        Key: keyOf(notice),
        UpdateExpression: 'SET leaseUntil = :now',
        ConditionExpression: '#state = :sending',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':sending': 'sending', ':now': now.toISOString() },
      }),
    )
  }

  return { claim, finish, release, stateOf }
}

function keyOf({ accountId, noticeId, recipient, oncePerPerson }: NoticeKey): { pk: string; sk: string } {
  if (oncePerPerson) return { pk: personKey(personIdOf(recipient)), sk: `NOTICE#${noticeId}` }
  const recipientHash = createHash('sha256').update(recipient).digest('base64url').slice(0, 22)
  return { pk: accountKey(accountId), sk: `NOTICE#${noticeId}#${recipientHash}` }
}
