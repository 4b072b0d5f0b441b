import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, firstDay, type Period } from '../accounts/billing-period.ts'
import type { LocalDay } from '../accounts/local-day.ts'
import type { HeldLot } from '../ledger/decide-hold.ts'
import { type AccountUnavailable, debit, type WrongCurrency } from '../ledger/decide-movement.ts'
import { debitSetAside } from '../ledger/decide-set-aside.ts'
import type { EntryDraft, Head } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'
import { type RingFence, withSetAside } from '../ring-fence/ring-fence.ts'
import { daysOf } from './day-shares.ts'
import { describeMonth } from './describe-month.ts'
import { totalOf, wholeMonth } from './month-lines.ts'
import type { MonthlyCharge } from './monthly-charge.ts'
import type { PlanVersion } from './plan.ts'
import { priceTerm, withoutStopped } from './price-plan.ts'
import { type Subscription, termOf } from './subscription.ts'

const NOTHING_SET_ASIDE: Pick<RingFence, 'lots'> = { lots: [] }

export type ShortOfCredit = { ok: false; reason: 'short'; charge: MonthlyCharge; shortfallMicros: bigint }

export type MonthlyChargeDecision =
  /** A month that costs nothing has no draft, and is done even while earlier months are owed. `held` is what is still set aside then. */
  | { ok: true; charge: MonthlyCharge; shortfallMicros: bigint; draft?: EntryDraft; held: HeldLot[] }
  | ShortOfCredit
  | ((AccountUnavailable | WrongCurrency) & { charge: MonthlyCharge; shortfallMicros: bigint })

export type MonthlyChargeInput = {
  account: Pick<Account, 'currency' | 'timeZone'>
  subscription: Subscription
  /** In force at the month's first instant. */
  planVersion: PlanVersion
  period: Period
  head: Head
  /** What is set aside for the plan. */
  ringFence?: Pick<RingFence, 'lots'>
  /** Owed for earlier months: it is paid first. */
  owedMicros?: bigint
  termsVersion?: string
}

/**
 * The month's charge: what is set aside for the plan is taken first, then what is available, after what is owed for earlier months.
 * Throws `LotsBehindError` when lots have to be brought into HEAD for it: it is for a posting to ask.
 */
export function decideMonthlyCharge(input: MonthlyChargeInput): MonthlyChargeDecision {
  const { account, head, ringFence = NOTHING_SET_ASIDE, owedMicros = 0n, termsVersion } = input
  const charge = priceMonth(input)
  const shortfallMicros = shortfallOf(withSetAside(head, ringFence), owedMicros + charge.totalMicros)
  const movement = {
    ...describeMonth(charge, account.currency, { wasShort: false }),
    ...{ termsVersion, amountMicros: charge.totalMicros, currency: account.currency },
    contra: 'revenue:plan' as const,
  }
  const covered = debit(withSetAside(head, ringFence), movement)
  if (!covered.ok && covered.reason !== 'insufficient_credit') return { ...covered, charge, shortfallMicros }
  if (charge.totalMicros === 0n) return { ok: true, charge, shortfallMicros, held: ringFence.lots }
  if (!covered.ok || shortfallMicros > 0n) return { ok: false, reason: 'short', charge, shortfallMicros }
  const decision = debitSetAside(head, movement, ringFence.lots)
  if (!decision.ok) return { ok: false, reason: 'short', charge, shortfallMicros }
  return { ok: true, charge, shortfallMicros, draft: decision.draft, held: decision.held }
}

/**
 * The month by the plan's fees and the account's quantities, without what is stopped, whatever credit there is. The preview, the
 * warning and the charge all ask this one function, so that they cannot disagree. Unit fee × quantity of a whole month is exact in
 * micros: nothing is rounded.
 */
export function priceMonth(input: Omit<MonthlyChargeInput, 'head'>): MonthlyCharge {
  const { account, subscription, planVersion, period } = input
  const term = termOf(subscription, period)
  if (!term) throw new Error(`account ${subscription.accountId}: has no plan in ${period}`)
  if (term.planId !== planVersion.planId || planVersion.currency !== account.currency) {
    throw new Error(
      `account ${subscription.accountId}: plan ${planVersion.planId} is not its plan of ${period}`,
    )
  }
  const daysInMonth = daysOf(period)
  const running = withoutStopped(
    priceTerm(term, planVersion, { overrides: subscription.overrides, period }),
    subscription,
  )
  const lines = wholeMonth(running, daysInMonth)
  return {
    period,
    dueAt: beginningOfPeriod(period, account.timeZone),
    localDate: firstDay(period),
    planId: planVersion.planId,
    planVersion: planVersion.version,
    planName: planVersion.name,
    daysInMonth,
    lines,
    totalMicros: totalOf(lines),
  }
}

/** A month that was short is charged as it was priced then, once the credit covers it. */
export function decideSettlement(input: {
  charge: MonthlyCharge
  head: Head
  ringFence?: Pick<RingFence, 'lots'>
  currency: string
  termsVersion?: string
}) {
  const { charge, head, ringFence = NOTHING_SET_ASIDE, currency, termsVersion } = input
  return debitSetAside(
    head,
    {
      ...describeMonth(charge, currency, { wasShort: true }),
      termsVersion,
      amountMicros: charge.totalMicros,
      currency,
      contra: 'revenue:plan',
    },
    ringFence.lots,
  )
}

export type ShortNoteDecision =
  | { ok: true; draft: EntryDraft; charge: MonthlyCharge }
  /** The credit covers it after all, or the account may not be charged: decide anew. */
  | { ok: false; reason: 'not_short' }

/** The line of a month that could not be charged: it moves nothing, and says what is missing, and when services stop. */
export function decideShortNote(input: MonthlyChargeInput & { stopsOn: LocalDay }): ShortNoteDecision {
  const decision = decideMonthlyCharge(input)
  if (decision.ok || decision.reason !== 'short') return { ok: false, reason: 'not_short' }
  const { charge, shortfallMicros } = decision
  const { currency } = input.account
  const { receivableMicros } = input.head
  const described = describeMonth(charge, currency, { wasShort: false })
  return {
    ok: true,
    charge,
    draft: {
      ...described,
      kind: 'plan_short',
      postings: [],
      reason: `${described.reason} could not be charged: too little credit`,
      termsVersion: input.termsVersion,
      detail: {
        ...described.detail,
        owedBefore: formatAmount(input.owedMicros ?? 0n, currency),
        ...(receivableMicros > 0n && { owedForPayments: formatAmount(receivableMicros, currency) }),
        shortfall: formatAmount(shortfallMicros, currency),
        stopsOn: input.stopsOn,
      },
    },
  }
}

/** What has to be topped up for it: what the account owes for payments that were taken back is paid of a top-up first. */
export function shortfallOf({ availableMicros, receivableMicros }: Head, neededMicros: bigint): bigint {
  return neededMicros > availableMicros ? neededMicros - availableMicros + receivableMicros : 0n
}
