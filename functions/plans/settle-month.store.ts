import type { Ledger } from '../ledger/ledger.store.ts'
import type { RingFenceStore } from '../ring-fence/ring-fence.store.ts'
import type { RingFence } from '../ring-fence/ring-fence.ts'
import { isOutdated } from '../ring-fence/ring-fence.ts'
import { afterRefusal, keyOf, type Run, type Step } from './charging-step.ts'
import { decideSettlement } from './decide-monthly-charge.ts'
import type { PeriodDocument } from './period-document.ts'
import type { SubscriptionStore } from './subscription.store.ts'

/** Charges a month that was short, as its document prices it, once the credit covers it, with what was set aside for the plan. */
export function createMonthSettlement(options: {
  ledger: Ledger
  subscriptions: SubscriptionStore
  ringFences: RingFenceStore
}) {
  const { ledger, subscriptions, ringFences } = options

  /** `done` when the credit does not cover it: then nothing after it is charged either. */
  return async function settle(
    { account, at, termsVersion }: Run,
    document: PeriodDocument,
    ringFence: RingFence,
  ): Promise<Step> {
    const { accountId, currency } = account
    const { period, totalMicros } = document
    const posted = await ledger.post({
      accountId,
      ...keyOf('plan', period),
      at,
      decide: (head) => {
        if (isOutdated(head, ringFence)) return { ok: false as const, reason: 'document_changed' as const }
        const decision = decideSettlement({ charge: document, head, ringFence, currency, termsVersion })
        if (!decision.ok) return decision
        const movements = [{ sequence: head.sequence + 1n, amountMicros: totalMicros }]
        const settled = { ...document, status: 'charged' as const, movements, at }
        const documents = [
          subscriptions.replacePeriod(settled, document),
          ...ringFences.changeIfHeld(ringFence, decision.held),
        ]
        return { ok: true as const, draft: decision.draft, documents }
      },
    })
    if (posted.ok) return posted.replayed ? 'again' : { period, result: 'settled' }
    if (posted.reason === 'insufficient_credit') return 'done'
    return afterRefusal(accountId, posted.reason)
  }
}
