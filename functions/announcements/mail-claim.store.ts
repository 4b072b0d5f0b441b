import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { isConditionFailed } from '../edge/dynamodb.ts'
import { writeTogether } from '../edge/write-together.ts'
import { announcementPk, countsKey, mailKey } from './announcement-keys.ts'

/** Longer than a sender's longest call to the mail service, and shorter than the queue's tries take; as for notices. */
const LEASE_SECONDS = 15

/** One e-mail to one person: of a mailing, by its name, or the confirmation of a sign-up. */
export type MailKey = { announcementId: string; mail: string; personId: string }

/** `yours`: send it now. `done`: it was sent, turned down or given up. `elsewhere`: somebody sends it now, or died while sending. */
export type MailClaim = 'yours' | 'done' | 'elsewhere'

export type MailOutcome = { state: 'sent' | 'rejected' | 'unwanted'; note: string; at: string }

/** What was sent to whom: as the claims of notices, but per announcement and person, and counted. No address is kept. */
export function createMailClaims(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const keyOf = ({ announcementId, mail, personId }: MailKey) => ({
    pk: announcementPk(announcementId),
    sk: mailKey(mail, personId),
  })

  /** Claims an e-mail for 15 seconds. A claim whose time is over is given out again: its holder may have died before it sent. */
  async function claim(mail: MailKey, now: Date): Promise<MailClaim> {
    const leaseUntil = new Date(now.getTime() + LEASE_SECONDS * 1000).toISOString()
    const Item = { ...keyOf(mail), state: 'sending', leaseUntil, claimedAt: now.toISOString() }
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

  /** Notes what became of it, once, and counts it in the same transaction where it is to be counted. */
  async function finish(mail: MailKey, { state, note, at }: MailOutcome, isCounted: boolean): Promise<void> {
    const done = {
      Update: {
        TableName: documentsTable,
        Key: keyOf(mail),
        UpdateExpression: 'SET #state = :state, note = :note, finishedAt = :at REMOVE leaseUntil',
        ConditionExpression: '#state = :sending',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': state, ':note': note, ':at': at, ':sending': 'sending' },
      },
    }
    const count = {
      Update: {
        TableName: documentsTable,
        Key: { pk: announcementPk(mail.announcementId), sk: countsKey(mail.personId) },
        UpdateExpression: 'ADD #count :one',
        ExpressionAttributeNames: { '#count': state === 'sent' ? 'mailsSent' : 'mailsRejected' },
        ExpressionAttributeValues: { ':one': 1n },
      },
    }
    const written = await writeTogether(client, isCounted && state !== 'unwanted' ? [done, count] : [done])
    if (!written.ok && written.reason === 'busy')
      throw new Error(`e-mail ${mail.mail} of ${mail.announcementId} was sent and could not be noted`)
  }

  /** Sending failed and is known to have failed: the next try need not wait for the claim to end. */
  async function release(mail: MailKey, now: Date): Promise<void> {
    await client.send(
      new UpdateCommand({
        TableName: documentsTable,
        Key: keyOf(mail),
        UpdateExpression: 'SET leaseUntil = :now',
        ConditionExpression: '#state = :sending',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':sending': 'sending', ':now': now.toISOString() },
      }),
    )
  }

  return { claim, finish, release }
}
