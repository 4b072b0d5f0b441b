import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { hashOfAddress, personIdOf, personKey } from '../consents/person-key.ts'
import { keptSince } from '../privacy/kept-since.ts'
import { createMailClaims, type MailKey, type MailOutcome } from './mail-claim.store.ts'

/**
 * One notice for one recipient: of an account, or once for all accounts of the person, whichever of them comes first. Where it
 * is sent for another account just now, its message may find when it comes again that here it need not be sent any more.
 */
export type NoticeKey = { accountId: string; noticeId: string; recipient: string; oncePerPerson?: boolean }

/**
 * What was sent to whom, under `NOTICE#<event id>#<hash of the address>` of the account, or `NOTICE#<id>` of the person
 * where one is told once: addresses themselves are not kept.
 */
export function createNoticeStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const claims = createMailClaims(options)
  return {
    claim: (notice: NoticeKey, now: Date) => {
      const { noticeId, accountId } = notice
      return claims.claim(keyOf(notice), now, { ...placeOf(notice, now), noticeId, accountId })
    },
    finish: (notice: NoticeKey, outcome: MailOutcome) => claims.finish(keyOf(notice), outcome),
    release: (notice: NoticeKey, now: Date) => claims.release(keyOf(notice), now),
    stateOf: (notice: NoticeKey) => claims.stateOf(keyOf(notice)),
  }
}

/** By which the daily run finds what hangs on no account. */
function placeOf({ recipient, noticeId, oncePerPerson }: NoticeKey, now: Date) {
  return oncePerPerson ? keptSince('PERSON_NOTICE', now.toISOString(), personIdOf(recipient), noticeId) : {}
}

function keyOf({ accountId, noticeId, recipient, oncePerPerson }: NoticeKey): MailKey {
  if (oncePerPerson) return { pk: personKey(personIdOf(recipient)), sk: `NOTICE#${noticeId}` }
  return { pk: accountKey(accountId), sk: `NOTICE#${noticeId}#${hashOfAddress(recipient)}` }
}
