import { z } from 'zod'
import { clientTypeSchema } from '../accounts/account.ts'
import { firstDay } from '../accounts/billing-period.ts'
import { money, moneyReply } from '../ledger/money.ts'
import type { PriceChange } from '../price-changes/decide-price-change.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import type { Coverage } from './coverage.ts'
import { findPlanVersion, listAnnounced } from './decide-plan-version.ts'
import type { ChargeLine } from './month-lines.ts'
import type { PlanVersion } from './plan.ts'
import type { PlanStanding } from './plan-standing.ts'
import { outlookReply, presentOutlook } from './present-outlook.ts'
import { planStandingReply, presentStanding } from './present-standing.ts'
import type { Subscription } from './subscription.ts'
import type { UpcomingCharge } from './upcoming-charge.ts'

export const planVersionReply = z
  .object({
    version: z.int(),
    name: z.string(),
    clientType: clientTypeSchema,
    currency: z.string(),
    effectiveFrom: z.string(),
    baseFee: moneyReply,
    services: z.array(
      z.object({
        service: z.string(),
        name: z.string(),
        unitFee: moneyReply,
        withdrawn: z
          .boolean()
          .optional()
          .meta({ description: 'true: not on offer any more; who has it keeps it and is charged' }),
      }),
    ),
  })
  .meta({ id: 'PlanVersion' })

export const planReply = z
  .object({
    planId: z.string(),
    current: planVersionReply.nullable().meta({ description: 'in force now; null before the first begins' }),
    announced: z
      .array(planVersionReply)
      .meta({ description: 'what will come into force after it, soonest first' }),
    versions: z.array(planVersionReply).meta({ description: 'oldest first' }),
  })
  .meta({ id: 'Plan' })

const priceChangeReply = z
  .object({
    planVersion: z.int(),
    fromPeriod: z.string().meta({ description: 'the first month that is priced by it' }),
    before: moneyReply.meta({ description: 'what that month would cost without it' }),
    after: moneyReply,
    fees: z.array(z.object({ service: z.string(), name: z.string(), before: moneyReply, after: moneyReply })),
  })
  .meta({ id: 'PlanPriceChange' })

export const accountPlanReply = z
  .object({
    accountId: z.string(),
    planId: z.string(),
    services: z.array(z.object({ service: z.string(), quantity: z.int() })),
    fromPeriod: z.string().meta({ description: 'the first month that is charged by this choice' }),
    firstChargeDate: z.string().meta({ description: 'local date of that charge' }),
    changedAt: z.string(),
    stopOrder: z.array(z.string()).meta({
      description: 'services in the order in which they stop for lack of credit; others stop before them',
    }),
    standing: planStandingReply,
    announced: z
      .array(priceChangeReply)
      .meta({ description: 'price changes to come that change what the account pays, soonest first' }),
    earlier: z
      .array(
        z.object({
          planId: z.string(),
          services: z.array(z.object({ service: z.string(), quantity: z.int() })),
          fromPeriod: z.string(),
        }),
      )
      .meta({ description: 'choices that months before it are charged by' }),
  })
  .meta({ id: 'AccountPlan' })

export const chargeLineReply = z
  .object({
    service: z.string(),
    name: z.string(),
    quantity: z.int(),
    unitFee: moneyReply.meta({ description: 'for a whole month' }),
    isAgreed: z
      .boolean()
      .optional()
      .meta({ description: 'true: the fee was agreed with the account; absent where it is the plan’s' }),
    firstDay: z.int().meta({ description: 'of the month, from 1' }),
    lastDay: z.int(),
    amount: moneyReply.meta({
      description:
        'of these days: what has accrued by the last without what had accrued before the first, each rounded down',
    }),
  })
  .meta({ id: 'PlanChargeLine' })

export const upcomingChargeReply = z
  .object({
    period: z.string().meta({ examples: ['2026-12'] }),
    dueAt: z.string(),
    localDate: z.string().meta({ description: 'in the account’s time zone' }),
    planId: z.string(),
    planVersion: z.int(),
    planName: z.string(),
    lines: z.array(chargeLineReply),
    total: moneyReply,
    owed: moneyReply.meta({ description: 'for earlier months; paid first' }),
    available: moneyReply.meta({ description: 'credit that does not expire before the charge' }),
    ringFenced: moneyReply.optional().meta({
      description: 'credit that is set aside for the plan, and used for it first; absent without any',
    }),
    expiring: moneyReply
      .optional()
      .meta({ description: 'available credit that expires before the charge; absent without any' }),
    resumption: moneyReply.optional().meta({
      description:
        'what of the shortfall stopped services take, the rest of this month and the one that is charged: a top-up of it lets them run again before; absent where it does not',
    }),
    shortfall: moneyReply.meta({
      description:
        'what has to be topped up for it by the credit of today, exact, with what a top-up pays first (`owed` of the balance) and the resumption; what is owed and resumes takes credit that expires before first. Zero when what is available and set aside covers total and owed',
    }),
    topUp: moneyReply
      .optional()
      .meta({ description: 'the least that a card can pay of the shortfall; absent when it is covered' }),
    outlook: outlookReply,
  })
  .meta({ id: 'UpcomingCharge' })

export function presentPlanVersion(version: PlanVersion): z.infer<typeof planVersionReply> {
  const { currency, baseFeeMicros, services } = version
  return {
    version: version.version,
    name: version.name,
    clientType: version.clientType,
    currency,
    effectiveFrom: version.effectiveFrom,
    baseFee: money(baseFeeMicros, currency),
    services: services.map(({ service, name, unitFeeMicros, withdrawn }) => ({
      service,
      name,
      unitFee: money(unitFeeMicros, currency),
      withdrawn,
    })),
  }
}

/** A plan with all its versions; at least one is needed. */
export function presentPlan(versions: readonly PlanVersion[], now: string): z.infer<typeof planReply> {
  const current = findPlanVersion(versions, now)
  return {
    planId: versions[0]!.planId,
    current: current ? presentPlanVersion(current) : null,
    announced: listAnnounced(versions, now).map(presentPlanVersion),
    versions: versions.map(presentPlanVersion),
  }
}

/** An account's plan as it was last chosen. */
export function presentAccountPlan(
  { accountId, terms, stopOrder = [] }: Subscription,
  standing: PlanStanding,
  announced: readonly PriceChange[],
  { currency, timeZone }: { currency: string; timeZone: string },
): z.infer<typeof accountPlanReply> {
  const shown = terms.map(({ planId, services, fromPeriod }) => ({
    planId,
    services: services.map(({ service, quantity }) => ({ service, quantity: Number(quantity) })),
    fromPeriod,
  }))
  const latest = shown.at(-1)!
  return {
    accountId,
    ...latest,
    firstChargeDate: firstDay(latest.fromPeriod),
    changedAt: terms.at(-1)!.changedAt,
    stopOrder,
    standing: presentStanding(standing, { currency, timeZone }),
    announced: announced.map((change) => presentPriceChange(change, currency)),
    earlier: shown.slice(0, -1),
  }
}

export function presentChargeLine(line: ChargeLine, currency: string): z.infer<typeof chargeLineReply> {
  const { service, name, quantity, unitFeeMicros, isAgreed, firstDay, lastDay, amountMicros } = line
  return {
    service,
    name,
    quantity: Number(quantity),
    unitFee: money(unitFeeMicros, currency),
    isAgreed,
    firstDay,
    lastDay,
    amount: money(amountMicros, currency),
  }
}

/** The next charge as the API shows it, with what is expected of the credit by then. */
export function presentUpcomingCharge(
  charge: UpcomingCharge,
  coverage: Coverage,
  currency: string,
): z.infer<typeof upcomingChargeReply> {
  const { period, dueAt, localDate, planId, planVersion, planName } = charge
  return {
    period,
    dueAt,
    localDate,
    planId,
    planVersion,
    planName,
    lines: charge.lines.map((line) => presentChargeLine(line, currency)),
    total: money(charge.totalMicros, currency),
    owed: money(charge.owedMicros, currency),
    available: money(charge.availableMicros, currency),
    ringFenced: charge.setAsideMicros > 0n ? money(charge.setAsideMicros, currency) : undefined,
    expiring: charge.expiringMicros > 0n ? money(charge.expiringMicros, currency) : undefined,
    resumption: charge.resumptionMicros > 0n ? money(charge.resumptionMicros, currency) : undefined,
    shortfall: money(charge.shortfallMicros, currency),
    topUp:
      charge.shortfallMicros === 0n
        ? undefined
        : money(topUpAmountFor(charge.shortfallMicros, currency), currency),
    outlook: presentOutlook(coverage, currency),
  }
}

function presentPriceChange(
  { planVersion, fromPeriod, beforeMicros, afterMicros, fees }: PriceChange,
  currency: string,
): z.infer<typeof priceChangeReply> {
  return {
    planVersion,
    fromPeriod,
    before: money(beforeMicros, currency),
    after: money(afterMicros, currency),
    fees: fees.map((fee) => ({
      service: fee.service,
      name: fee.name,
      before: money(fee.beforeMicros, currency),
      after: money(fee.afterMicros, currency),
    })),
  }
}
