import { z } from 'zod'
import { readEndedDetail, readHeldDetail } from '../holds/hold-entry.ts'
import { type Entry, owedChangeOf } from '../ledger/entry.ts'
import { LOT_SOURCES } from '../ledger/lot.ts'
import { money } from '../ledger/money.ts'
import { readMonthDetail } from '../plans/month-entry.ts'
import { readUsageDetail, type UsageDetail } from '../usage/usage-entry.ts'
import type { BusEvent, EventName } from './event.ts'

/** Of any size: what a plan costs may be more than any amount that may be asked for. */
const decimalSchema = z.string().regex(/^\d+(\.\d{1,6})?$/)

const planDetailSchema = z.object({
  period: z.string(),
  localDate: z.string(),
  planId: z.string(),
  planVersion: z.int(),
  planName: z.string(),
  lines: z.array(
    z.object({
      service: z.string(),
      name: z.string(),
      quantity: z.string(),
      unitFee: z.string(),
      isAgreed: z.literal(true).optional(),
      firstDay: z.int().optional(),
      lastDay: z.int().optional(),
      daysInMonth: z.int().optional(),
      amount: z.string(),
    }),
  ),
  total: decimalSchema,
  wasShort: z.boolean(),
})
const shortDetailSchema = planDetailSchema.extend({
  owedBefore: decimalSchema,
  owedForPayments: decimalSchema.optional(),
  shortfall: decimalSchema,
  stopsOn: z.string().optional(),
})
const changeDetailSchema = planDetailSchema
  .omit({ localDate: true, wasShort: true })
  .extend({ changedOn: z.string(), charged: decimalSchema, givenBack: decimalSchema })
const stopDetailSchema = z.object({
  period: z.string(),
  planName: z.string(),
  services: z.array(z.object({ service: z.string(), name: z.string() })),
  fromDate: z.string(),
})
const suspensionDetailSchema = stopDetailSchema.extend({ owed: decimalSchema, shortfall: decimalSchema })
const resumptionDetailSchema = stopDetailSchema.extend({ stillStopped: z.array(z.string()) })
const expiryDetailSchema = z.object({
  lots: z.array(
    z.object({
      lot: z.string(),
      source: z.enum(LOT_SOURCES),
      amountMicros: z.string().regex(/^\d+$/),
      expiredAt: z.string(),
    }),
  ),
})
const ringFenceDetailSchema = z.object({ period: z.string().optional() })
const topUpDetailSchema = z.object({ topUpId: z.string().optional() })

/**
 * What the bus is told of an entry. The ids come from the entry's number, so that an entry read twice gives the same
 * events; an entry of usage gives one for what was deducted, one for what was refused, or both. Throws on an entry whose
 * detail is not what its kind promises.
 */
export function eventsOfEntry(entry: Entry): BusEvent[] {
  return [...eventsOfKind(entry), ...lotsRaised(entry)]
}

function eventsOfKind(entry: Entry): BusEvent[] {
  switch (entry.kind) {
    case 'top_up': {
      const { topUpId } = topUpDetailSchema.parse(JSON.parse(entry.detail))
      return [
        {
          detailType: 'top_up.settled',
          detail: {
            ...describe(entry, 'top_up.settled'),
            amount: paid(entry),
            paidOwed: paidOwed(entry),
            topUpId,
          },
        },
      ]
    }
    case 'credit':
      return [
        { detailType: 'credit.given', detail: { ...describe(entry, 'credit.given'), amount: raised(entry) } },
      ]
    case 'charge':
      return [
        { detailType: 'charge.made', detail: { ...describe(entry, 'charge.made'), amount: lowered(entry) } },
      ]
    case 'usage':
      return eventsOfUsage(entry)
    case 'plan':
      return [planCharged(entry)]
    case 'plan_short':
      return [planShort(entry)]
    case 'plan_change':
    case 'plan_credit':
      return [planChanged(entry)]
    case 'plan_stop':
      return [serviceSuspended(entry)]
    case 'plan_resume':
      return [serviceResumed(entry)]
    case 'ring_fence':
      return [ringFenceChanged(entry)]
    case 'reversal':
      return [entryReversed(entry)]
    case 'refund':
      return [chargeRefunded(entry)]
    case 'expiry':
      return [creditExpired(entry)]
    case 'hold':
      return [sessionAuthorised(entry)]
    case 'capture':
    case 'release':
      return [sessionEnded(entry)]
    case 'gap_release':
    // What becomes of payments is told when their documents change.
    case 'top_up_refund':
    case 'top_up_refund_failed':
    case 'dispute':
    case 'dispute_won':
      return []
  }
}

function eventsOfUsage(entry: Entry): BusEvent[] {
  const { deductedCount, refusedCount, refusals, reconciled } = readUsageDetail(entry.detail)
  const events: BusEvent[] = []
  if (deductedCount > 0) {
    const described = describe(entry, 'usage.deducted')
    events.push({
      detailType: 'usage.deducted',
      detail: { ...described, amount: lowered(entry), deductedCount },
    })
  }
  if (refusedCount > 0) {
    const outOfCreditCount = refusals.insufficient_credit ?? 0
    const described = describe(entry, 'usage.refused')
    events.push({ detailType: 'usage.refused', detail: { ...described, refusedCount, outOfCreditCount } })
  }
  if (reconciled) events.push(usageReconciled(entry, reconciled))
  return events
}

function usageReconciled(entry: Entry, reconciled: NonNullable<UsageDetail['reconciled']>): BusEvent {
  const { count, underCapturedCount, underCapturedAmount } = reconciled
  return {
    detailType: 'usage.reconciled',
    detail: {
      ...describe(entry, 'usage.reconciled'),
      reconciledCount: count,
      underCapturedCount,
      underCaptured: { amount: underCapturedAmount, currency: entry.currency },
    },
  }
}

function sessionAuthorised(entry: Entry): BusEvent {
  const { holdId, session, service, isFinal, expiresAt, heldMicros } = readHeldDetail(entry.detail)
  return {
    detailType: 'session.authorised',
    detail: {
      ...describe(entry, 'session.authorised'),
      ...{ holdId, session, service, isFinal, expiresAt },
      amount: money(entry.heldAfterMicros - entry.heldBeforeMicros, entry.currency),
      held: money(BigInt(heldMicros), entry.currency),
    },
  }
}

function sessionEnded(entry: Entry): BusEvent {
  const { holdId, session, service, end } = readEndedDetail(entry.detail)
  return {
    detailType: 'session.ended',
    detail: {
      ...describe(entry, 'session.ended'),
      ...{ holdId, session, service, end },
      amount: lowered(entry),
    },
  }
}

function planCharged(entry: Entry): BusEvent {
  const { total, ...detail } = planDetailSchema.parse(readMonthDetail(entry))
  return {
    detailType: 'plan.charged',
    detail: { ...describe(entry, 'plan.charged'), ...detail, amount: lowered(entry) },
  }
}

function planShort(entry: Entry): BusEvent {
  const { total, owedBefore, owedForPayments, shortfall, wasShort, ...detail } = shortDetailSchema.parse(
    readMonthDetail(entry),
  )
  const { currency } = entry
  return {
    detailType: 'plan.short',
    detail: {
      ...describe(entry, 'plan.short'),
      ...detail,
      owed: { amount: total, currency },
      owedBefore: { amount: owedBefore, currency },
      owedForPayments: owedForPayments === undefined ? undefined : { amount: owedForPayments, currency },
      shortfall: { amount: shortfall, currency },
    },
  }
}

function planChanged(entry: Entry): BusEvent {
  const { total, charged, givenBack, ...detail } = changeDetailSchema.parse(JSON.parse(entry.detail))
  const { currency } = entry
  return {
    detailType: 'plan.changed',
    detail: {
      ...describe(entry, 'plan.changed'),
      ...detail,
      total: { amount: total, currency },
      charged: { amount: charged, currency },
      givenBack: { amount: givenBack, currency },
    },
  }
}

function serviceSuspended(entry: Entry): BusEvent {
  const { owed, shortfall, ...detail } = suspensionDetailSchema.parse(JSON.parse(entry.detail))
  const { currency } = entry
  return {
    detailType: 'service.suspended',
    detail: {
      ...describe(entry, 'service.suspended'),
      ...detail,
      owed: { amount: owed, currency },
      shortfall: { amount: shortfall, currency },
    },
  }
}

function ringFenceChanged(entry: Entry): BusEvent {
  const { period } = ringFenceDetailSchema.parse(JSON.parse(entry.detail))
  return {
    detailType: 'ring_fence.changed',
    detail: {
      ...describe(entry, 'ring_fence.changed'),
      period,
      amount: money(entry.heldAfterMicros - entry.heldBeforeMicros, entry.currency),
    },
  }
}

function serviceResumed(entry: Entry): BusEvent {
  const detail = resumptionDetailSchema.parse(JSON.parse(entry.detail))
  const described = describe(entry, 'service.resumed')
  return { detailType: 'service.resumed', detail: { ...described, ...detail, amount: lowered(entry) } }
}

function entryReversed(entry: Entry): BusEvent {
  if (entry.reverses === undefined) throw new Error(`entry ${entry.sequence} reverses none`)
  return {
    detailType: 'entry.reversed',
    detail: {
      ...describe(entry, 'entry.reversed'),
      amount: raised(entry),
      reversedSequence: Number(entry.reverses),
    },
  }
}

function chargeRefunded(entry: Entry): BusEvent {
  if (entry.reverses === undefined) throw new Error(`entry ${entry.sequence} refunds none`)
  const described = describe(entry, 'charge.refunded')
  const refundedSequence = Number(entry.reverses)
  return { detailType: 'charge.refunded', detail: { ...described, amount: raised(entry), refundedSequence } }
}

function creditExpired(entry: Entry): BusEvent {
  const lots = expiryDetailSchema
    .parse(JSON.parse(entry.detail))
    .lots.map(({ lot, source, amountMicros, expiredAt }) => ({
      lot: Number(lot),
      source,
      amount: money(BigInt(amountMicros), entry.currency),
      expiredAt,
    }))
  const described = describe(entry, 'credit.expired')
  return { detailType: 'credit.expired', detail: { ...described, amount: lowered(entry), lots } }
}

/** Whatever an entry is about: where it raises lots that expire, the calendar has to know. */
function lotsRaised({ accountId, sequence, at, lots }: Entry): BusEvent[] {
  const instants = lots.flatMap(({ expiresAt, changeMicros }) =>
    expiresAt !== undefined && changeMicros > 0n ? [expiresAt] : [],
  )
  if (instants.length === 0) return []
  const id = `${accountId}/lots.raised/${sequence}`
  const expiries = [...new Set(instants)]
  return [{ detailType: 'lots.raised', detail: { id, accountId, at, sequence: Number(sequence), expiries } }]
}

function describe(entry: Entry, name: EventName) {
  return {
    id: `${entry.accountId}/${name}/${entry.sequence}`,
    accountId: entry.accountId,
    at: entry.at,
    sequence: Number(entry.sequence),
    available: money(entry.availableAfterMicros, entry.currency),
    reason: entry.reason,
  }
}

/** The payment itself: what the account owed is paid of it first, and only the rest raises the credit. */
function paid(entry: Entry) {
  const { amountMicros = 0n } = entry.postings.find(({ account }) => account.startsWith('cash:')) ?? {}
  return money(-amountMicros, entry.currency)
}

/** What of a payment paid what was owed; undefined where nothing was. */
function paidOwed(entry: Entry) {
  const owedMicros = owedChangeOf(entry)
  return owedMicros === 0n ? undefined : money(-owedMicros, entry.currency)
}

const raised = (entry: Entry) => money(entry.amountMicros, entry.currency)
const lowered = (entry: Entry) => money(-entry.amountMicros, entry.currency)
