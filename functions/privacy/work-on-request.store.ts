import { daysLater } from '../edge/instant.ts'
import { log } from '../edge/log.ts'
import type { PutEvents } from '../events/event.ts'
import { describeAnswer } from './describe-answer.ts'
import { createErasureSteps, type ErasureOptions, withoutAddress } from './erasure-steps.store.ts'
import { fileKey, removeExport } from './exports-bucket.ts'
import { privacyLink } from './privacy-link.ts'
import { createPrivacyRequestStore } from './privacy-request.store.ts'
import { type PrivacyRequest, SWEEP_AFTER_DAYS } from './privacy-request.ts'
import type { RetentionDays } from './retention.ts'
import { createExporting, type ExportOptions } from './work-on-export.store.ts'

export type WorkOptions = ExportOptions &
  ErasureOptions & { put: PutEvents; portalUrl: string; days: RetentionDays }

/** `more`: it goes on in a further message. `elsewhere`: another works on it, or has just done so. */
export type Worked = 'done' | 'more' | 'blocked' | 'elsewhere'

/** Longer than a worker lives: who died is followed no sooner, so that two never write one archive. */
const LEASE_MILLISECONDS = 6 * 60_000

/** Does what was asked, step by step. After each step how far it came is written, on the condition that nobody else went on. */
export function createPrivacyWork(options: WorkOptions) {
  const requests = createPrivacyRequestStore(options)
  const exporting = createExporting(options)
  const { stepsOf } = createErasureSteps(options)

  /** Works until it is done, is blocked, or `isTime` says that the time of this worker is over. */
  async function work(
    accountId: string,
    requestId: string,
    now: () => Date,
    isTime: () => boolean = () => false,
  ): Promise<Worked> {
    const found = await requests.read(accountId, requestId)
    if (!found) throw new Error(`privacy request ${requestId} of ${accountId} is not there`)
    const at = now()
    if (!hasWork(found, at)) return 'done'
    if (found.leaseUntil !== undefined && found.leaseUntil > at.toISOString()) return 'elsewhere'
    const leaseUntil = new Date(at.getTime() + LEASE_MILLISECONDS).toISOString()
    const claimed = await requests.replace(found, { ...found, leaseUntil, blockedBy: undefined })
    return claimed ? goOn(claimed, now, isTime) : 'elsewhere'
  }

  async function goOn(first: PrivacyRequest, now: () => Date, isTime: () => boolean): Promise<Worked> {
    let request: PrivacyRequest | undefined = first
    while (request) {
      if (isTime()) {
        await requests.replace(request, { ...request, leaseUntil: undefined })
        return 'more'
      }
      const before: PrivacyRequest = request
      try {
        request = await (before.kind === 'export' ? exportStep : erasureStep)(before, now().toISOString())
      } catch (error) {
        // The next delivery need not wait for the lease to end.
        await requests.replace(before, { ...before, leaseUntil: undefined }).catch(() => undefined)
        throw error
      }
      if (request && request.leaseUntil === undefined)
        return request.status === 'blocked' ? 'blocked' : 'done'
    }
    return 'elsewhere'
  }

  async function exportStep(request: PrivacyRequest, at: string): Promise<PrivacyRequest | undefined> {
    const { progress } = request
    const step = await exporting.step(request, at)
    if (!step.done) {
      const moved = await requests.replace(request, {
        ...request,
        progress: { ...progress, cursor: step.cursor },
      })
      if (!moved) await removeUnwanted(request)
      return moved
    }
    await tellReady(request, at, step.file.expiresAt)
    const next = { ...request, progress: { ...progress, cursor: undefined } }
    const done: PrivacyRequest = { ...atEnd(next, at), export: step.file }
    const written = await requests.replace(request, done, { at, what: 'done', by: 'system:privacy' })
    if (!written) await removeUnwanted(request)
    // The states beside it; of one that dies before this they go with the bucket's week.
    else await options.exports.removeAll(`${fileKey(request)}.`)
    return written
  }

  /** Its subject was erased while it was written: the archive must not outlive that. */
  async function removeUnwanted(request: PrivacyRequest): Promise<void> {
    const found = await requests.read(request.accountId, request.requestId)
    if (found?.status === 'done' && !found.export) await removeExport(options.exports, request)
  }

  async function erasureStep(request: PrivacyRequest, at: string): Promise<PrivacyRequest | undefined> {
    const { progress } = request
    const { accountIds, counts } = progress
    const [place, number] = [Number(progress.place), Number(progress.step)]
    const accountId = accountIds[place]
    const step = stepsOf(request)[number]
    if (accountId === undefined) return finishErasure(request, at)
    if (!step) return advance(request, { ...progress, place: progress.place + 1n, step: 0n })
    const result = await step.run({ accountId, request, at, cursor: progress.cursor })
    if (result.blockedBy !== undefined) {
      const { leaseUntil: _, ...rest } = request
      log.info('a privacy request is blocked', { requestId: request.requestId, step: step.name })
      return requests.replace(request, { ...rest, status: 'blocked', blockedBy: result.blockedBy })
    }
    const counted = { ...counts, [step.name]: (counts[step.name] ?? 0n) + (result.count ?? 0n) }
    const next = result.cursor === undefined ? progress.step + 1n : progress.step
    return advance(request, { ...progress, counts: counted, step: next, cursor: result.cursor })
  }

  async function advance(request: PrivacyRequest, progress: PrivacyRequest['progress']) {
    const status = request.status === 'done' ? 'done' : 'working'
    return requests.replace(request, { ...request, status, progress })
  }

  /** The answer is told before the request says that it is done: who dies between tells it again, under the same id. */
  async function finishErasure(request: PrivacyRequest, at: string): Promise<PrivacyRequest | undefined> {
    if (request.status === 'done') {
      const { leaseUntil: _, ...rest } = request
      const swept = { ...rest, sweptAt: at, subject: withoutHash(rest.subject) }
      return requests.replace(request, swept, { at, what: 'swept', by: 'system:privacy' })
    }
    const answer = describeAnswer(request, options.days)
    await options.put([
      {
        detailType: 'privacy.erased',
        detail: { ...eventOf(request, 'erased', at), lines: answer.lines },
      },
    ])
    const done: PrivacyRequest = {
      ...atEnd(request, at),
      answer,
      subject: withoutAddress(request.subject),
      sweepAt: daysLater(at, SWEEP_AFTER_DAYS),
      progress: { ...request.progress, place: 0n, step: 0n, cursor: undefined },
    }
    return requests.replace(request, done, { at, what: 'done', by: 'system:privacy' })
  }

  async function tellReady(request: PrivacyRequest, at: string, expiresAt: string): Promise<void> {
    const { accountId, requestId } = request
    const downloadUrl = privacyLink(options.portalUrl, accountId, requestId)
    await options.put([
      {
        detailType: 'privacy.export_ready',
        detail: { ...eventOf(request, 'export_ready', at), downloadUrl, expiresAt },
      },
    ])
  }

  return { work }
}

/** Something is to be done now: it is not done, or late data is to be looked for. */
export function hasWork({ status, sweepAt, sweptAt }: PrivacyRequest, now: Date): boolean {
  if (status !== 'done') return true
  return sweepAt !== undefined && sweptAt === undefined && sweepAt <= now.toISOString()
}

export function eventOf({ accountId, requestId }: PrivacyRequest, name: string, at: string) {
  return { id: `${accountId}/privacy.${name}/${requestId}`, accountId, at, requestId }
}

function atEnd({ leaseUntil: _, blockedBy: __, ...request }: PrivacyRequest, at: string): PrivacyRequest {
  return { ...request, status: 'done', finishedAt: at }
}

function withoutHash(subject: PrivacyRequest['subject']): PrivacyRequest['subject'] {
  return subject.type === 'account' ? subject : { ...subject, emailHash: '' }
}
