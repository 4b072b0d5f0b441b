import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, firstDay, type Period } from '../accounts/billing-period.ts'
import type { Json } from '../ledger/canonical-json.ts'
import { type AccountUnavailable, debit, type WrongCurrency } from '../ledger/decide-movement.ts'
import type { EntryDraft, Head } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'
import { BASE_FEE_NAME, BASE_FEE_SERVICE, type PlanVersion } from './plan.ts'
import { type Subscription, termOf } from './subscription.ts'

const SYSTEM_ACTOR = 'system:plans'

export type ChargeLine = {
  service: string
  name: string
  quantity: bigint
  unitFeeMicros: bigint
  amountMicros: bigint
}

/** What a month of a plan costs, and by which version of it. */
export type MonthlyCharge = {
  period: Period
  /** The month's first instant in the account's time zone. */
  dueAt: string
  /** The same as a local date, such as `2026-12-01`. */
  localDate: string
  planId: string
  planVersion: number
  planName: string
  /** What costs nothing because none of it is taken has no line. */
  lines: ChargeLine[]
  totalMicros: bigint
}

export type ShortOfCredit = { ok: false; reason: 'short'; charge: MonthlyCharge; shortfallMicros: bigint }

export type MonthlyChargeDecision =
  /** A month that costs nothing has no draft, and is done even while earlier months are owed. */
  | { ok: true; charge: MonthlyCharge; shortfallMicros: bigint; draft?: EntryDraft }
  | ShortOfCredit
  | ((AccountUnavailable | WrongCurrency) & { charge: MonthlyCharge; shortfallMicros: bigint })

export type MonthlyChargeInput = {
  account: Pick<Account, 'currency' | 'timeZone'>
  subscription: Subscription
  /** In force at the month's first instant. */
  planVersion: PlanVersion
  period: Period
  head: Head
  /** Owed for earlier months: it is paid first. */
  owedMicros?: bigint
  termsVersion?: string
}

/**
 * What the month costs and whether the available credit covers it, after what is owed for earlier months. The preview, the
 * warning and the charge all ask this one function, so that they cannot disagree. Unit fee × quantity is exact in micros:
 * nothing is rounded.
 */
export function decideMonthlyCharge(input: MonthlyChargeInput): MonthlyChargeDecision {
  const { account, head, termsVersion, owedMicros = 0n } = input
  const charge = priceMonth(input)
  const shortfallMicros = shortfallOf(head, owedMicros + charge.totalMicros)
  const decision = debit(head, {
    ...describeCharge(charge, account.currency, { owedBefore: false }),
    termsVersion,
    amountMicros: charge.totalMicros,
    currency: account.currency,
    contra: 'revenue:plan',
  })
  if (!decision.ok && decision.reason !== 'insufficient_credit')
    return { ...decision, charge, shortfallMicros }
  if (charge.totalMicros === 0n) return { ok: true, charge, shortfallMicros }
  if (!decision.ok || shortfallMicros > 0n) return { ok: false, reason: 'short', charge, shortfallMicros }
  return { ok: true, charge, shortfallMicros, draft: decision.draft }
}

/** The month by the plan's fees and the account's quantities, whatever credit there is. */
export function priceMonth(input: Omit<MonthlyChargeInput, 'head'>): MonthlyCharge {
  const { account, subscription, planVersion, period } = input
  const term = termOf(subscription, period)
  if (!term) throw new Error(`account ${subscription.accountId}: has no plan in ${period}`)
  if (term.planId !== planVersion.planId || planVersion.currency !== account.currency) {
    throw new Error(
      `account ${subscription.accountId}: plan ${planVersion.planId} is not its plan of ${period}`,
    )
  }
  const baseFee = lineOf(BASE_FEE_SERVICE, BASE_FEE_NAME, 1n, planVersion.baseFeeMicros)
  const chosen = term.services.map(({ service, quantity }) => {
    const offered = planVersion.services.find((candidate) => candidate.service === service)
    if (!offered)
      throw new Error(`plan ${planVersion.planId} version ${planVersion.version} lost the service ${service}`)
    return lineOf(service, offered.name, quantity, offered.unitFeeMicros)
  })
  const lines = [
    ...(baseFee.amountMicros > 0n ? [baseFee] : []),
    ...chosen.filter(({ quantity }) => quantity > 0n),
  ]
  return {
    period,
    dueAt: beginningOfPeriod(period, account.timeZone),
    localDate: firstDay(period),
    planId: planVersion.planId,
    planVersion: planVersion.version,
    planName: planVersion.name,
    lines,
    totalMicros: lines.reduce((sum, { amountMicros }) => sum + amountMicros, 0n),
  }
}

/** A month that was short is charged as it was priced then, once the available credit covers it. */
export function decideSettlement(input: {
  charge: MonthlyCharge
  head: Head
  currency: string
  termsVersion?: string
}) {
  const { charge, head, currency, termsVersion } = input
  return debit(head, {
    ...describeCharge(charge, currency, { owedBefore: true }),
    termsVersion,
    amountMicros: charge.totalMicros,
    currency,
    contra: 'revenue:plan',
  })
}

export type ShortNoteDecision =
  | { ok: true; draft: EntryDraft; charge: MonthlyCharge }
  /** The credit covers it after all, or the account may not be charged: decide anew. */
  | { ok: false; reason: 'not_short' }

/** The line of a month that could not be charged: it moves nothing, and says what is missing. */
export function decideShortNote(input: MonthlyChargeInput): ShortNoteDecision {
  const decision = decideMonthlyCharge(input)
  if (decision.ok || decision.reason !== 'short') return { ok: false, reason: 'not_short' }
  const { charge, shortfallMicros } = decision
  const { currency } = input.account
  const { receivableMicros } = input.head
  const described = describeCharge(charge, currency, { owedBefore: false })
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
      },
    },
  }
}

function describeCharge(charge: MonthlyCharge, currency: string, { owedBefore }: { owedBefore: boolean }) {
  const amount = (micros: bigint) => formatAmount(micros, currency)
  const detail: { [key: string]: Json } = {
    planId: charge.planId,
    planVersion: charge.planVersion,
    planName: charge.planName,
    period: charge.period,
    dueAt: charge.dueAt,
    localDate: charge.localDate,
    currency,
    lines: charge.lines.map(({ service, name, quantity, unitFeeMicros, amountMicros }) => ({
      service,
      name,
      quantity: quantity.toString(),
      unitFee: amount(unitFeeMicros),
      amount: amount(amountMicros),
    })),
    total: amount(charge.totalMicros),
    wasShort: owedBefore,
  }
  return {
    kind: 'plan' as const,
    reason: `${charge.planName}, ${charge.period}`,
    actor: SYSTEM_ACTOR,
    detail,
  }
}

function lineOf(service: string, name: string, quantity: bigint, unitFeeMicros: bigint): ChargeLine {
  return { service, name, quantity, unitFeeMicros, amountMicros: quantity * unitFeeMicros }
}

/** What has to be topped up for it: what the account owes for payments that were taken back is paid of a top-up first. */
function shortfallOf({ availableMicros, receivableMicros }: Head, neededMicros: bigint): bigint {
  return neededMicros > availableMicros ? neededMicros - availableMicros + receivableMicros : 0n
}
