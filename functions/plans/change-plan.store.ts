import type { Account } from '../accounts/account.ts'
import { nextPeriod } from '../accounts/billing-period.ts'
import { debit, type MovementRefusal, refuseUnavailable } from '../ledger/decide-movement.ts'
import type { Entry, EntryDraft, Head } from '../ledger/entry.ts'
import {
  createLedger,
  type LedgerOptions,
  type PostingRefusal,
  type TransactItem,
} from '../ledger/ledger.store.ts'
import { refundCharges } from '../ledger/refund-charges.ts'
import { createUndoneStore } from '../ledger/undone.store.ts'
import type { TermsAsked, TermsBlocked } from '../terms/ask-terms.ts'
import { createMonthlyCharging } from './charge-month.store.ts'
import { priceMonth } from './decide-monthly-charge.ts'
import { decidePlanChange } from './decide-plan-change.ts'
import type { MonthlyCharge } from './monthly-charge.ts'
import {
  createPlanChangeFacts,
  type PlanChangeFacts,
  type PlanChangeRequest,
} from './plan-change-facts.store.ts'
import { planWrites } from './plan-writes.store.ts'
import { describeChange, type PlanChangeRefusal, type PlannedChange, planChange } from './planned-change.ts'
import { createSubscriptionStore } from './subscription.store.ts'
import { createVersionInForce } from './upcoming-charge.store.ts'

const TRIES = 8

/** Changes of a plan within a month, from now on: what they would cost, and the change itself. */
export function createPlanChanging(options: LedgerOptions & { documentsTable: string; graceDays?: number }) {
  const ledger = createLedger(options)
  const undones = createUndoneStore(options)
  const subscriptions = createSubscriptionStore(options)
  const gather = createPlanChangeFacts(options)
  const versionInForce = createVersionInForce(options)
  const { chargeDue } = createMonthlyCharging(options)

  /**
   * What `change` would do now, by the very function that it asks, and what the coming month would then cost, by the one that
   * charges it. Writes nothing.
   */
  async function preview(
    request: PlanChangeRequest,
  ): Promise<(PlannedChange & { nextMonth: MonthlyCharge }) | PlanChangeRefusal> {
    const { account } = request
    const facts = await gather(request)
    const head = await ledger.readHead(account.accountId)
    if (!head) throw new Error(`account ${account.accountId} has no ledger`)
    const change = decideOn(head, facts)
    if (!change.ok) return change
    const { subscription, month } = change
    const period = nextPeriod(month.period)
    const planVersion = await versionInForce(account, subscription, period)
    const nextMonth = priceMonth({ account, subscription, planVersion, period })
    return { ...change, nextMonth }
  }

  /**
   * Changes the plan at once, at most once per key: the month's lines, the plan from now on, and the ledger entry that charges
   * the difference or gives it back, in one transaction. A month that is due is charged before. What is given back goes to
   * the lots that the month was drawn from, and is never more than is left of what was charged for it. A repeat gives the
   * first entry, whether terms wait by then or not.
   */
  async function change(
    request: PlanChangeRequest & { key: string; requestHash: string; terms?: TermsAsked },
  ): Promise<
    { ok: true; entry: Entry; replayed: boolean } | PlanChangeRefusal | PostingRefusal | TermsBlocked
  > {
    const { account, key, requestHash, now, terms = { ok: true } } = request
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const facts = await gather(request)
      if (terms.ok && facts.isDue && attempt < TRIES - 1) {
        const { stopped } = await chargeDue(account.accountId, now)
        if (!stopped) continue
      }
      const posted = await ledger.post<PlanChangeRefusal | TermsBlocked>({
        accountId: account.accountId,
        ...{ key, requestHash, at: facts.input.now },
        // The ledger looks for the key before it asks here.
        decide: (head) => {
          if (!terms.ok) return terms
          return decide(head, facts, { ...request, termsVersion: terms.label })
        },
      })
      if (posted.ok || posted.reason !== 'document_changed') return posted
    }
    return { ok: false, reason: 'busy' }
  }

  function decide(
    head: Head,
    facts: PlanChangeFacts,
    request: PlanChangeRequest & { termsVersion?: string },
  ) {
    const change = decideOn(head, facts)
    if (!change.ok) return change
    const { parts } = change
    const said = describeChange(change, { ...request, currency: request.account.currency })
    const moved: { ok: true; draft: EntryDraft } | MovementRefusal =
      parts.length > 0
        ? refundCharges(head, parts, { ...said, kind: 'plan_credit' })
        : debit(head, {
            ...said,
            kind: 'plan_change',
            amountMicros: change.chargedMicros,
            currency: request.account.currency,
            contra: 'revenue:plan',
          })
    if (!moved.ok) return moved
    const documents = writesOf(change, facts, { head, account: request.account })
    return { ok: true as const, draft: moved.draft, documents }
  }

  function writesOf(
    change: PlannedChange,
    { input, due, monthBefore }: PlanChangeFacts,
    { head, account }: { head: Head; account: Account },
  ): TransactItem[] {
    const { subscription: before, now: at } = input
    const amountMicros = change.chargedMicros - change.givenBackMicros
    const moved = amountMicros === 0n ? [] : [{ sequence: head.sequence + 1n, amountMicros }]
    const { parts, notGivenBackMicros } = change
    const month = { ...change.month, movements: [...change.movements, ...moved], notGivenBackMicros, at }
    const fromPeriod = due?.period ?? nextPeriod(change.month.period)
    return [
      ...planWrites(options, {
        account,
        next: change.subscription,
        ...{ before, due, fromPeriod, at },
      }),
      monthBefore ? subscriptions.replacePeriod(month, monthBefore) : subscriptions.putPeriod(month),
      ...parts.map(({ entry, undone, amountMicros: partMicros }) =>
        undones.write(account.accountId, entry.sequence, undone, {
          ...undone,
          undoneMicros: undone.undoneMicros + partMicros,
        }),
      ),
    ]
  }

  return { preview, change }
}

/** What the preview shows and the change does. A month that is due is charged before anything of it changes. */
function decideOn(head: Head, facts: PlanChangeFacts): PlannedChange | PlanChangeRefusal {
  const unavailable = refuseUnavailable(head)
  if (unavailable) return unavailable
  if (facts.isDue) return { ok: false, reason: 'month_not_charged' }
  const decision = decidePlanChange(facts.input)
  if (!decision.ok) return decision
  if (facts.isBehind) return { ok: false, reason: 'clock_behind' }
  return planChange(decision, facts)
}
