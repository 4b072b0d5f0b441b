import { z } from 'zod'
import { CLIENT_TYPES } from '../accounts/account.ts'
import { OFF_REASONS } from '../auto-top-up/auto-top-up.ts'
import { LOT_SOURCES } from '../ledger/lot.ts'
import { moneyReply } from '../ledger/money.ts'
import { paceReply } from '../pace/present-pace.ts'
import { DOCUMENT_KINDS, TERMS_CLASSES } from '../terms/terms.ts'

export const EVENT_SOURCE = 'drawdown'

const sequenceSchema = z.int().min(1).meta({ description: 'number of the ledger entry' })
const periodSchema = z
  .string()
  .regex(/^\d{4}-\d{2}$/)
  .meta({ description: 'calendar month in the account’s time zone', examples: ['2026-12'] })
const localDateSchema = z
  .string()
  .meta({ description: 'date in the account’s time zone', examples: ['2026-12-01'] })
const wholeCountSchema = z.int().min(0)

/** What every event carries. `id` is the same however often the event comes: act once on each. */
const anyEvent = z.object({
  id: z.string().min(1).meta({ description: 'the same in every repeat of the event: act on each id once' }),
  accountId: z.string().min(1),
  at: z.string().meta({ description: 'ISO 8601 instant of what happened' }),
})

/** What events of ledger entries carry besides. */
const entryEvent = anyEvent.extend({
  sequence: sequenceSchema,
  available: moneyReply.meta({ description: 'available credit after the entry' }),
  reason: z.string(),
})

const lineSchema = z.object({
  service: z.string(),
  name: z.string(),
  quantity: z.string().meta({ description: 'whole number' }),
  unitFee: z.string().meta({ description: 'decimal string, for a whole month' }),
  firstDay: z.int().optional().meta({ description: 'of the month, where the line is not of all its days' }),
  lastDay: z.int().optional(),
  daysInMonth: z.int().optional(),
  isAgreed: z
    .literal(true)
    .optional()
    .meta({ description: 'the fee was agreed with the account; absent where it is the plan’s' }),
  amount: z.string().meta({ description: 'decimal string' }),
})

const planCharge = entryEvent.extend({
  period: periodSchema,
  localDate: localDateSchema.meta({ description: 'the first of the month' }),
  planId: z.string(),
  planVersion: z.int(),
  planName: z.string(),
  lines: z.array(lineSchema),
})

const stoppedServiceSchema = z.object({ service: z.string(), name: z.string() })
const planStop = entryEvent.extend({
  period: periodSchema,
  planName: z.string(),
  services: z.array(stoppedServiceSchema).min(1).meta({ description: 'in the order in which it happened' }),
  fromDate: localDateSchema.meta({ description: 'the first day that it counts for' }),
})

const lastDaySchema = localDateSchema.meta({ description: 'the last day on which it may be used' })
/** What events of an account's status carry besides. */
const statusEvent = anyEvent.extend({
  reason: z.string(),
  actor: z.string().meta({ description: 'who did it', examples: ['machine:nightly-proof'] }),
})

const privacyEvent = anyEvent.extend({ requestId: z.string() })

const sessionEvent = entryEvent.extend({
  holdId: z.string(),
  session: z.string().optional(),
  service: z.string().optional(),
})

const topUpEvent = anyEvent.extend({
  topUpId: z.string(),
  amount: moneyReply.meta({ description: 'what was asked for' }),
  origin: z.enum(['manual', 'automatic']),
  paymentMethod: z.enum(['checkout', 'saved_card']),
})

const owedForPaymentsSchema = moneyReply.optional().meta({
  description: 'owed for payments that were taken back, which a top-up pays first; absent where nothing is',
})

const disputeEvent = anyEvent.extend({
  disputeId: z.string(),
  topUpId: z.string().meta({ description: 'whose payment is disputed' }),
  amount: moneyReply.meta({ description: 'what is disputed' }),
  reason: z.string().meta({ description: 'the provider’s word for why', examples: ['fraudulent'] }),
  evidenceDueAt: z.string().optional().meta({ description: 'until when it may be answered with evidence' }),
})

/** What a movement left, in events that tell of one. */
const disputeMovement = {
  sequence: sequenceSchema.optional(),
  available: moneyReply.optional().meta({ description: 'available credit after it' }),
  owedInAll: moneyReply
    .optional()
    .meta({ description: 'what the account owes after it: the next top-up pays it first' }),
}

/** With a change that took a disputed amount; they are absent with one that did not. */
const disputeTaking = {
  taken: moneyReply.optional().meta({
    description: 'what this took of the credit; absent, with the four after it, when it took nothing now',
  }),
  owed: moneyReply.optional().meta({ description: 'what the credit did not suffice for, and is owed now' }),
  ...disputeMovement,
}
const topUpRefundEvent = anyEvent.extend({
  refundId: z.string(),
  topUpId: z.string(),
  amount: moneyReply,
  origin: z.enum(['staff', 'provider']).meta({ description: '`provider`: it was made there by hand' }),
  reason: z.string(),
})
const requestedBySchema = z.string().meta({ description: 'who asked for it', examples: ['person:7f3a…'] })

const requiredAtSchema = z.string().meta({
  description:
    'what the account may do is closed from then on, unless it is answered; absent where it closes nothing',
})
const termsEvent = anyEvent.extend({
  document: z.string(),
  kind: z.enum(DOCUMENT_KINDS),
  version: z.string(),
  title: z.string(),
  class: z.enum(TERMS_CLASSES),
  clientTypes: z.array(z.enum(CLIENT_TYPES)).meta({ description: 'whom it concerns; none named is all' }),
  effectiveAt: z.string(),
  summary: z.string().optional().meta({ description: 'of what changes, in the operator’s words' }),
  termsUrl: z.url(),
})

const cardEvent = anyEvent.extend({
  paymentMethodId: z.string(),
  brand: z.string().meta({ examples: ['visa'] }),
  lastFour: z.string().meta({ examples: ['4242'] }),
  expiresIn: z.string().meta({ description: 'its last month', examples: ['2029-12'] }),
  role: z.enum(['default', 'backup', 'none']).meta({ description: 'what it is for, or was' }),
})

const autoTopUpFailure = anyEvent.extend({
  reason: z.enum(['declined', 'authentication_required', 'no_answer', 'mismatched']),
  topUpId: z.string().meta({ description: 'the charge that failed' }),
  amount: moneyReply.meta({ description: 'what it was to charge' }),
  failureCode: z.string().optional().meta({ description: 'the provider’s word for why' }),
  failuresInARow: z.int().min(0),
})

/** What is expected of the credit of a coming first. */
const projectedMonth = anyEvent.extend({
  period: periodSchema,
  chargeDate: localDateSchema,
  need: moneyReply.meta({ description: 'the coming month’s charge, and what is owed before it' }),
  credit: moneyReply.meta({ description: 'what may be used now' }),
  expectedUsage: moneyReply.meta({ description: 'what usage takes of it until the first, at its pace' }),
  expiring: moneyReply
    .optional()
    .meta({ description: 'what of it will expire before the first, unused; absent without any' }),
  projectedCredit: moneyReply.meta({
    description: 'what is left then: the credit less these two, never below zero',
  }),
  pace: paceReply
    .optional()
    .meta({ description: 'the days whose pace it is; absent before the first usage' }),
})

const projectedGap = projectedMonth.extend({
  owedForPayments: owedForPaymentsSchema,
  resumption: moneyReply.optional().meta({
    description:
      'what of it stopped services take, the rest of this month and the coming one: a top-up of it lets them run again; absent where it does not',
  }),
  shortfall: moneyReply.meta({
    description: 'the exact one, rounded up to the least that a card can pay: what to top up',
  }),
  exactShortfall: moneyReply.meta({
    description:
      'the least that covers need if it is topped up now: with what usage takes of it, what is owed for payments and the resumption',
  }),
})

/** The detail of every event on the bus, by detail type. */
export const eventDetails = {
  'top_up.created': topUpEvent.meta({ description: 'A payment is about to be asked for at the provider.' }),
  'top_up.processing': topUpEvent.meta({
    description: 'The provider has the payment; nothing is credited yet.',
  }),
  'top_up.settled': entryEvent
    .extend({
      amount: moneyReply.meta({ description: 'what was paid; what was owed is paid of it first' }),
      paidOwed: moneyReply.optional().meta({
        description:
          'what of it paid what was owed for a payment that was taken back; absent where nothing was owed',
      }),
      topUpId: z.string().optional(),
    })
    .meta({ description: 'A payment has raised the credit.' }),
  'top_up.failed': topUpEvent
    .extend({ failureCode: z.string().meta({ description: 'the provider’s word for why' }) })
    .meta({ description: 'Nothing was paid: the card was declined, or its bank wants to ask its holder.' }),
  'top_up.expired': topUpEvent.meta({ description: 'Nobody paid in time.' }),
  'top_up.mismatched': topUpEvent
    .extend({ mismatch: z.string().meta({ description: 'what does not match' }) })
    .meta({ description: 'A payment does not match its top-up: nothing was credited, staff have to look.' }),
  'dispute.inquiry': disputeEvent.meta({
    description: 'A card’s bank asks about a payment; nothing is taken yet.',
  }),
  'dispute.opened': disputeEvent.extend(disputeTaking).meta({
    description:
      'A card’s bank has taken a payment back: it is taken out of the credit, and the rest is owed.',
  }),
  'dispute.won': disputeEvent
    .extend({
      returned: moneyReply.optional().meta({
        description:
          'what came back to the credit; absent, with the four after it, when nothing came back now',
      }),
      paidOwed: moneyReply.optional().meta({ description: 'what of it paid what was owed' }),
      ...disputeMovement,
    })
    .meta({ description: 'A disputed payment was given back.' }),
  'dispute.lost': disputeEvent.extend(disputeTaking).meta({
    description: 'A disputed payment stays with the card’s bank.',
  }),
  'dispute.closed': disputeEvent.meta({ description: 'An inquiry came to nothing.' }),
  'top_up_refund.awaiting_approval': topUpRefundEvent
    .extend({ requestedBy: requestedBySchema })
    .meta({ description: 'A second person has to approve a refund to a card; nothing has moved.' }),
  'top_up_refund.rejected': topUpRefundEvent
    .extend({ requestedBy: requestedBySchema, decidedBy: z.string(), rejection: z.string() })
    .meta({
      description: 'A refund to a card was not approved, or taken back before it was; nothing has moved.',
    }),
  'top_up_refund.asked': topUpRefundEvent
    .extend({ requestedBy: requestedBySchema, decidedBy: z.string().optional() })
    .meta({ description: 'The credit of a refund was taken; the provider sends the money back next.' }),
  'top_up_refund.succeeded': topUpRefundEvent
    .extend({
      autoTopUpSwitchedOff: z.boolean().meta({
        description: 'automatic top-up would have charged the card again at once, and was switched off',
      }),
    })
    .meta({ description: 'The provider has sent the money of a refund to its card.' }),
  'top_up_refund.failed': topUpRefundEvent
    .extend({ failureCode: z.string().meta({ description: 'the provider’s word for why' }) })
    .meta({ description: 'The money of a refund did not reach its card; the credit is back.' }),
  'card.saved': cardEvent.meta({ description: 'A card was saved.' }),
  'card.chosen': cardEvent.meta({ description: 'A card that was saved before is the default now.' }),
  'card.changed': cardEvent.meta({
    description: 'A saved card has new details, such as a later last month: its bank has replaced it.',
  }),
  'card.removed': cardEvent.meta({
    description: 'A card pays nothing any more: it was removed, here or at the provider, or saved once more.',
  }),
  'card.expiring': cardEvent
    .extend({
      lastDay: lastDaySchema,
      daysBefore: z.int().min(1).meta({ description: '30 or 7 days before the last day' }),
    })
    .meta({
      description: 'The default or backup card is near the end of its last month: once 30 and 7 days before.',
    }),
  'top_up.paid_twice': topUpEvent
    .extend({
      paymentId: z
        .string()
        .optional()
        .meta({ description: 'the provider’s id of the payment that was credited' }),
      secondPaymentId: z.string().meta({ description: 'of the one that was not' }),
    })
    .meta({
      description:
        'A top-up that was credited was paid once more: nothing was credited for it, staff have to look.',
    }),
  'auto_top_up.switched_on': anyEvent
    .extend({
      threshold: moneyReply,
      target: moneyReply.optional(),
      amount: moneyReply.optional().meta({ description: 'what is charged each time, in place of a target' }),
      monthlyCap: moneyReply,
      actor: z.string().meta({ description: 'who agreed to it' }),
      wordingVersion: z.string().meta({ description: 'the words that were agreed to' }),
    })
    .meta({ description: 'A client has agreed to automatic top-ups.' }),
  'auto_top_up.switched_off': anyEvent
    .extend({ reason: z.enum(OFF_REASONS) })
    .meta({ description: 'Nothing is charged automatically any more: by request, or for a dispute.' }),
  'auto_top_up.paused': autoTopUpFailure.meta({
    description:
      'An automatic charge failed: none follows until the client pays by hand, changes the card that failed or agrees anew.',
  }),
  'auto_top_up.disabled': autoTopUpFailure.meta({
    description:
      'Three automatic charges in a row failed: none follows until the default card changes, or the last of them is paid after all.',
  }),
  'auto_top_up.resumed': anyEvent.meta({ description: 'Automatic top-up goes on after it was paused.' }),
  'auto_top_up.cap_reached': anyEvent
    .extend({
      month: periodSchema,
      percent: z
        .int()
        .meta({ description: '80, 90 or 100; each once a month, and those passed at one go not' }),
      charged: moneyReply.meta({ description: 'automatically in that month' }),
      monthlyCap: moneyReply,
      heldBack: moneyReply
        .optional()
        .meta({ description: 'a charge that was not made, as it would go above' }),
    })
    .meta({ description: 'So much of the month’s cap on automatic top-ups is used up.' }),
  'credit.given': entryEvent.extend({ amount: moneyReply }).meta({ description: 'Staff have given credit.' }),
  'credit.expiring': anyEvent
    .extend({
      amount: moneyReply.meta({ description: 'what is left of it' }),
      expiresAt: z.string(),
      lastDay: lastDaySchema,
      daysBefore: z.int().min(1).meta({ description: '30, 7 or 1 days before the last day' }),
    })
    .meta({ description: 'Credit will expire that is not used: once 30, 7 and 1 days before.' }),
  'credit.expired': entryEvent
    .extend({
      amount: moneyReply.meta({ description: 'what was left of it and is gone, of all lots together' }),
      lots: z
        .array(
          z.object({
            lot: sequenceSchema.meta({ description: 'number of the entry that gave the credit' }),
            source: z.enum(LOT_SOURCES),
            amount: moneyReply,
            expiredAt: z.string(),
          }),
        )
        .min(1)
        .meta({
          description:
            'the lots that it was left of; where very many expire at once, further ones are in further events',
        }),
    })
    .meta({ description: 'Credit was not used in time.' }),
  'lots.raised': anyEvent
    .extend({
      sequence: sequenceSchema,
      expiries: z
        .array(z.string())
        .min(1)
        .meta({ description: 'the instants at which the raised lots expire' }),
    })
    .meta({ description: 'An entry gave credit that expires, or gave some back.' }),
  'usage.deducted': entryEvent
    .extend({ amount: moneyReply, deductedCount: wholeCountSchema })
    .meta({ description: 'Usage was deducted: one event for all uses of an entry.' }),
  'usage.refused': entryEvent
    .extend({
      refusedCount: wholeCountSchema,
      outOfCreditCount: wholeCountSchema.meta({ description: 'of these, how many for too little credit' }),
    })
    .meta({ description: 'Usage was refused, for too little credit or because it has no price.' }),
  'usage.reconciled': entryEvent
    .extend({
      reconciledCount: wholeCountSchema,
      underCapturedCount: wholeCountSchema.meta({
        description: 'of these, how many cost more than their hold was charged',
      }),
      underCaptured: moneyReply.meta({ description: 'by how much, together' }),
    })
    .meta({ description: 'Records of sessions came that their holds pay; they were not charged again.' }),
  'session.authorised': sessionEvent
    .extend({
      amount: moneyReply.meta({ description: 'what this entry set aside' }),
      held: moneyReply.meta({ description: 'what is set aside for the session in all' }),
      isFinal: z.boolean().optional().meta({ description: 'credit ends there' }),
      expiresAt: z.string(),
    })
    .meta({ description: 'Credit was set aside for a session: when it began, or more of it later.' }),
  'session.ended': sessionEvent
    .extend({
      amount: moneyReply.meta({ description: 'what was charged' }),
      end: z.enum(['captured', 'released', 'expired']).meta({
        description: '`expired`: it was not heard of in time; what was reported of it is charged',
      }),
    })
    .meta({ description: 'A session has ended; what was set aside and not charged is available again.' }),
  'usage.parked': anyEvent
    .extend({
      source: z.string(),
      missingFrom: z.string().meta({ description: 'the first number that is missing', examples: ['17'] }),
      missingTo: z.string().meta({ description: 'the last of them by then', examples: ['18'] }),
    })
    .meta({ description: 'A source’s later events wait for missing numbers; once per gap.' }),
  'charge.made': entryEvent
    .extend({ amount: moneyReply })
    .meta({ description: 'A single charge was rated and deducted.' }),
  'plan.charged': planCharge
    .extend({
      amount: moneyReply,
      wasShort: z.boolean().meta({ description: 'it was owed since the first' }),
    })
    .meta({ description: 'A month of the service plan was charged.' }),
  'plan.short': planCharge
    .extend({
      owed: moneyReply.meta({ description: 'what this month costs' }),
      owedBefore: moneyReply.meta({ description: 'owed for earlier months' }),
      owedForPayments: owedForPaymentsSchema,
      shortfall: moneyReply.meta({ description: 'what is missing for all that is owed' }),
      stopsOn: localDateSchema.optional().meta({
        description: 'from this day on services stop if it is owed still; absent in entries of before',
      }),
    })
    .meta({ description: 'A month of the service plan could not be charged: too little credit.' }),
  'plan.changed': planCharge
    .omit({ localDate: true })
    .extend({
      changedOn: localDateSchema.meta({ description: 'additions count from it, removals from the next day' }),
      total: moneyReply.meta({ description: 'what the month comes to now' }),
      charged: moneyReply,
      givenBack: moneyReply,
    })
    .meta({ description: 'A plan was changed within the month; the difference was charged or given back.' }),
  'plan.reminder': anyEvent
    .extend({
      periods: z.array(periodSchema).min(1).meta({ description: 'the months that are owed, oldest first' }),
      owed: moneyReply,
      owedForPayments: owedForPaymentsSchema,
      available: moneyReply.meta({ description: 'available credit' }),
      shortfall: moneyReply.meta({
        description: 'rounded up to the currency’s smallest coin: what to top up',
      }),
      exactShortfall: moneyReply.meta({ description: 'owed less available, with what is owed for payments' }),
      stopsOn: localDateSchema.meta({ description: 'from this day on services stop' }),
      services: z
        .array(stoppedServiceSchema)
        .meta({ description: 'those that would stop, in their order, with the credit of now' }),
      topUpUrl: z.url(),
    })
    .meta({
      description:
        'A month of the service plan is owed, and services stop soon: half-way and one day before.',
    }),
  'service.suspended': planStop
    .extend({
      owed: moneyReply.meta({ description: 'all that is owed after it' }),
      shortfall: moneyReply.meta({
        description: 'what had to be topped up on that day for all of them to run again; later it is less',
      }),
    })
    .meta({ description: 'Services stopped, because a month was owed and its days of grace were over.' }),
  'service.resumed': planStop
    .extend({
      amount: moneyReply.meta({ description: 'charged for the rest of the month' }),
      stillStopped: z.array(z.string()).meta({ description: 'services that the credit did not cover' }),
    })
    .meta({ description: 'Services run again that had stopped for too little credit.' }),
  'ring_fence.changed': entryEvent
    .extend({
      period: periodSchema.optional().meta({ description: 'whose charge it is for' }),
      amount: moneyReply.meta({ description: 'what was set aside; below zero for what is available again' }),
    })
    .meta({ description: 'Credit was set aside for the service plan, or is available again.' }),
  'charge.refunded': entryEvent
    .extend({ amount: moneyReply, refundedSequence: sequenceSchema })
    .meta({ description: 'A part of what an entry charged was given back, or all of it.' }),
  'entry.reversed': entryEvent
    .extend({
      amount: moneyReply.meta({ description: 'negative where credit was taken back' }),
      reversedSequence: sequenceSchema,
    })
    .meta({ description: 'An entry was undone by a new one.' }),
  'plan.warning': projectedGap.extend({ topUpUrl: z.url() }).meta({
    description:
      'From five days before the first: the credit will not cover the coming month, if usage goes on at its pace. Once per month.',
  }),
  'plan.automatic_top_up_expected': projectedGap.meta({
    description:
      'In place of a warning: the credit will not cover the coming month, and automatic top-up will pay what is missing.',
  }),
  'plan.warning_withdrawn': projectedMonth.meta({
    description:
      'A month that was warned of is funded. Once per month, also where usage eats the credit again.',
  }),
  'plan.price_change': anyEvent
    .extend({
      planId: z.string(),
      planVersion: z.int(),
      planName: z.string(),
      effectiveFrom: z.string().meta({ description: 'when the plan’s new version begins' }),
      fromPeriod: periodSchema.meta({ description: 'the first month that is priced by it' }),
      fromDate: localDateSchema.meta({ description: 'the first of that month' }),
      before: moneyReply.meta({
        description: 'what a month costs by the fees that the account knew, for all that it takes',
      }),
      after: moneyReply.meta({ description: 'what it costs from then on' }),
      fees: z
        .array(z.object({ service: z.string(), name: z.string(), before: moneyReply, after: moneyReply }))
        .meta({ description: 'the fees of it that change, each for one and for a month' }),
      planUrl: z.url(),
    })
    .meta({
      description:
        'A new version of its plan changes what an account pays: once per account and version, and only if its own month comes to another total.',
    }),
  'terms.published': termsEvent.extend({ requiredAt: requiredAtSchema.optional() }).meta({
    description:
      'A version of a document that concerns the account was published: once per account and version.',
  }),
  'terms.reminder': termsEvent
    .extend({ requiredAt: requiredAtSchema, round: z.enum(['week_before', 'day_before']) })
    .meta({
      description:
        'A document has not been answered for the account, 7 days and 1 day before it has to be. `version` is its newest.',
    }),
  'balance.low': anyEvent
    .extend({ available: moneyReply, threshold: moneyReply })
    .meta({ description: 'Available credit fell below the account’s threshold; once per dip.' }),
  'privacy.export_ready': privacyEvent
    .extend({
      downloadUrl: z.url().meta({ description: 'the portal’s page, which asks for a sign-in of now' }),
      expiresAt: z.string().meta({ description: 'until when it can be fetched' }),
    })
    .meta({
      description:
        'What is held on an account or a person has been put together. Who asked for it is told by e-mail.',
    }),
  'privacy.erased': privacyEvent
    .extend({
      lines: z.array(
        z.object({
          what: z.string(),
          outcome: z.enum(['erased', 'pseudonymised', 'kept']),
          count: z.string().optional(),
          why: z.string(),
          until: z.string().optional(),
        }),
      ),
    })
    .meta({ description: 'An account or a person was erased: what went, what stays, why, and until when.' }),
  'privacy.extended': privacyEvent
    .extend({
      kind: z.enum(['export', 'erasure']),
      dueAt: z.string().meta({ description: 'by when it will be answered' }),
      reason: z.string(),
    })
    .meta({
      description:
        'A privacy request takes longer, by two months at most. Who asked is told why by e-mail, within the first month.',
    }),
  'privacy.deadline_near': privacyEvent
    .extend({
      kind: z.enum(['export', 'erasure']),
      dueAt: z.string().meta({ description: 'by when it has to be answered' }),
    })
    .meta({ description: 'A privacy request that is not done is due within seven days. For the operator.' }),
  'account.parked': statusEvent
    .extend({
      faults: z.array(z.string()).meta({ description: 'what a proof found; empty when a person parked it' }),
    })
    .meta({
      description: 'Nothing leaves an account any more, until it is reopened; it takes credit still.',
    }),
  'account.reopened': statusEvent.meta({ description: 'A parked or closed account is open again.' }),
  'account.closed': statusEvent.meta({ description: 'An account was closed: nothing moves on it any more.' }),
} as const

export type EventName = keyof typeof eventDetails
export type EventDetail<Name extends EventName> = z.output<(typeof eventDetails)[Name]>

/** An event on its way to the bus. */
export type BusEvent = { [Name in EventName]: { detailType: Name; detail: EventDetail<Name> } }[EventName]

/** An item of a table, with its keys, as it was before a change and as it is after it: what events follow from. */
export type ChangedItem = { before?: Record<string, unknown>; after?: Record<string, unknown> }

/** Puts events on the bus; when it resolves, all are there. */
export type PutEvents = (events: readonly BusEvent[]) => Promise<void>

export const EVENT_NAMES = Object.keys(eventDetails) as EventName[]

/** An event as a bus rule hands it to a queue. Other members of the envelope are let through. */
export const deliveredEventSchema = z
  .object({
    'detail-type': z.enum(EVENT_NAMES),
    source: z.literal(EVENT_SOURCE),
    detail: z.record(z.string(), z.unknown()),
  })
  .transform((envelope, context): BusEvent => {
    const detailType = envelope['detail-type']
    const result = eventDetails[detailType].safeParse(envelope.detail)
    if (result.success) return { detailType, detail: result.data } as BusEvent
    for (const issue of result.error.issues) {
      context.addIssue({ code: 'custom', message: issue.message, path: ['detail', ...issue.path] })
    }
    return undefined as never
  })
