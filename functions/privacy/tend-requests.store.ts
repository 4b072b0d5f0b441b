import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { daysLater } from '../edge/instant.ts'
import { log } from '../edge/log.ts'
import type { PutEvents } from '../events/event.ts'
import { createNoticeStore } from '../notices/notice.store.ts'
import type { SendPrivacy } from './privacy-message.ts'
import { createPrivacyRequestStore } from './privacy-request.store.ts'
import { isDeadlineToBeTold, type PrivacyRequest, SWEEP_AFTER_DAYS } from './privacy-request.ts'
import { eventOf, hasWork } from './work-on-request.store.ts'

/** Looks after every request that is not at rest: what was left lying, deadlines, and addresses that were answered. */
export function createTending(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  put: PutEvents
  send: SendPrivacy
}) {
  const requests = createPrivacyRequestStore(options)
  const notices = createNoticeStore(options)

  /** Queues what is to be gone on with; whoever works on it already is not disturbed by that. */
  async function tendAll(now: Date): Promise<{ seen: number; queued: number }> {
    let [seen, queued] = [0, 0]
    let after: string | undefined
    do {
      const page = await requests.listAll(false, { after })
      for (const { accountId, requestId } of page.requests) {
        // As it is now: what the index says may be a moment old.
        const request = await requests.read(accountId, requestId)
        if (request && (await tend(request, now))) queued += 1
        seen += 1
      }
      after = page.next
    } while (after !== undefined)
    return { seen, queued }
  }

  async function tend(request: PrivacyRequest, now: Date): Promise<boolean> {
    const at = now.toISOString()
    const { accountId, requestId, kind, dueAt } = request
    if (isDeadlineToBeTold(request, at)) {
      // An alarm rings for this line.
      log.warn('privacy request is near its deadline', { accountId, requestId, kind, dueAt })
      const detail = { ...eventOf(request, 'deadline_near', at), kind, dueAt }
      await options.put([{ detailType: 'privacy.deadline_near', detail }])
      const told = await requests.replace(request, { ...request, deadlineToldAt: at })
      // Whoever wrote it meanwhile works on it; the next hour looks again.
      return told ? tend(told, now) : false
    }
    const { extension } = request
    if (extension && extension.toldAt === undefined && request.status !== 'done') {
      const detail = { ...eventOf(request, 'extended', at), kind, dueAt, reason: extension.reason }
      await options.put([{ detailType: 'privacy.extended', detail }])
      const told = await requests.replace(request, { ...request, extension: { ...extension, toldAt: at } })
      return told ? tend(told, now) : false
    }
    if (request.status === 'done' && request.replyTo !== undefined) await forgetAddress(request, at)
    const isAtWork = request.leaseUntil !== undefined && request.leaseUntil > at
    if (!hasWork(request, now) || isAtWork) return false
    await options.send([{ accountId, requestId }])
    return true
  }

  /** The address, and with it the note of an erasure, goes once the answer has been sent to it, or turned down for good; or is not written to, after two weeks. */
  async function forgetAddress(request: PrivacyRequest, at: string): Promise<void> {
    const { accountId, replyTo = '' } = request
    const name = request.kind === 'export' ? 'export_ready' : 'erased'
    const noticeId = eventOf(request, name, at).id
    const state = await notices.stateOf({ accountId, noticeId, recipient: replyTo })
    const isGivenUp =
      request.finishedAt !== undefined && daysLater(request.finishedAt, SWEEP_AFTER_DAYS) <= at
    if (state !== 'sent' && state !== 'rejected' && !isGivenUp) return
    const { replyTo: _, note, ...rest } = request
    // How an erasure came says who asked for it.
    const next = request.kind === 'erasure' ? rest : { ...rest, note }
    const what = state === 'sent' ? 'answered' : 'answer_rejected'
    await requests.replace(request, next, { at, what, by: 'system:privacy' })
  }

  return { tendAll }
}
