import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { WriteItem } from '../edge/write-together.ts'
import { createMailClaims, type MailOutcome } from '../notices/mail-claim.store.ts'
import { keptSince } from '../privacy/kept-since.ts'
import { announcementPk, countsKey, mailKey } from './announcement-keys.ts'

/** One e-mail to one person: of a mailing, by its name, or the confirmation of a sign-up. */
export type AnnouncementMailKey = { announcementId: string; mail: string; personId: string }

/** What was sent to whom, per announcement and person, and how many got it. */
export function createAnnouncementMails(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const claims = createMailClaims(options)

  /** Notes what became of it, and counts it in the same transaction where it is to be counted. */
  function finish(mail: AnnouncementMailKey, outcome: MailOutcome, isCounted: boolean): Promise<void> {
    const { state } = outcome
    return claims.finish(keyOf(mail), outcome, isCounted && state !== 'unwanted' ? [count(mail, state)] : [])
  }

  function count({ announcementId, personId }: AnnouncementMailKey, state: 'sent' | 'rejected'): WriteItem {
    return {
      Update: {
        TableName: options.documentsTable,
        Key: { pk: announcementPk(announcementId), sk: countsKey(personId) },
        UpdateExpression: 'ADD #count :one',
        ExpressionAttributeNames: { '#count': state === 'sent' ? 'mailsSent' : 'mailsRejected' },
        ExpressionAttributeValues: { ':one': 1n },
      },
    }
  }

  return {
    claim: (mail: AnnouncementMailKey, now: Date) => claims.claim(keyOf(mail), now, placeOf(mail, now)),
    finish,
    release: (mail: AnnouncementMailKey, now: Date) => claims.release(keyOf(mail), now),
  }
}

/** By which the daily run finds it. */
function placeOf({ announcementId, mail, personId }: AnnouncementMailKey, now: Date) {
  return keptSince('ANNOUNCEMENT_MAIL', now.toISOString(), announcementId, mail, personId)
}

function keyOf({ announcementId, mail, personId }: AnnouncementMailKey) {
  return { pk: announcementPk(announcementId), sk: mailKey(mail, personId) }
}
