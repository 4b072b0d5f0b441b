import { money } from '../ledger/money.ts'
import type { Resolution } from '../top-up/watch-list.ts'
import { type ExceptionKind, nextStepOf, type WatchedDocument, whyOf } from './payment-exception.ts'

/** An exception as replies carry it. */
export function presentException(kind: ExceptionKind, document: WatchedDocument) {
  const { about, accountId, id, status, amountMicros, currency, changedAt, resolution } = document
  const { topUpId, paymentId, evidenceDueAt } = document
  return {
    kind,
    about,
    accountId,
    id,
    topUpId,
    status,
    amount: money(amountMicros, currency),
    since: changedAt,
    why: whyOf(document),
    paymentId,
    evidenceDueAt,
    next: nextStepOf(kind, document),
    lastResolution: resolution && presentResolution(resolution),
  }
}

export function presentResolution({ note, actor, at }: Resolution) {
  return { note, resolvedBy: actor, resolvedAt: at }
}
