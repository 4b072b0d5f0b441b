import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { currencySchema, moneyReply, positiveAmountSchema } from '../ledger/money.ts'
import { autoTopUpRoutes } from './auto-top-up.routes.ts'
import { AUTO_TOP_UP_STATUSES, FAILURE_REASONS } from './auto-top-up.ts'
import { CONSENT_WORDING } from './consent-wording.ts'

export const autoTopUpBody = z
  .strictObject({
    currency: currencySchema,
    threshold: positiveAmountSchema.meta({
      description: 'below this much available credit the card is charged',
    }),
    target: positiveAmountSchema.optional().meta({ description: 'up to here; more than the threshold' }),
    amount: positiveAmountSchema
      .optional()
      .meta({ description: 'this much each time, in place of a target' }),
    monthlyCap: positiveAmountSchema.meta({
      description: 'the most that is charged automatically in a calendar month of the account’s time zone',
    }),
    consent: z.literal(true, { error: 'must be true: it is charged only with the client’s consent' }).meta({
      description: CONSENT_WORDING.text,
    }),
    wordingVersion: z
      .literal(CONSENT_WORDING.version, { error: `must be "${CONSENT_WORDING.version}", the words of today` })
      .optional()
      .meta({ description: 'the version of the words that were shown' }),
    confirmImmediateCharge: z.boolean().default(false).meta({
      description: 'credit is below the threshold already: charge the card at once',
    }),
  })
  .refine(({ target, amount }) => (target === undefined) !== (amount === undefined), {
    path: ['target'],
    message: 'goes instead of "amount": give one of the two, not both and not none',
  })
  .meta({ id: 'AutoTopUpRequest' })

export const autoTopUpReply = z
  .object({
    accountId: z.string(),
    status: z.enum(AUTO_TOP_UP_STATUSES).meta({
      description:
        '`paused`: a charge failed, a payment by hand resumes it; `disabled`: three in a row failed, another default card resumes it',
    }),
    threshold: moneyReply.optional(),
    target: moneyReply.optional(),
    amount: moneyReply.optional(),
    monthlyCap: moneyReply.optional(),
    month: z
      .string()
      .optional()
      .meta({ description: 'the month of `charged`', examples: ['2026-12'] }),
    charged: moneyReply
      .optional()
      .meta({ description: 'automatically in that month, with what is under way' }),
    topUpId: z.string().optional().meta({ description: 'the charge that is under way' }),
    lastAttemptAt: z.string().optional(),
    failuresInARow: z.int().optional(),
    lastFailure: z
      .object({
        reason: z.enum(FAILURE_REASONS),
        at: z.string(),
        topUpId: z.string(),
        amount: moneyReply,
        failureCode: z.string().optional(),
      })
      .optional(),
    consent: z
      .object({
        actor: z.string(),
        at: z.string(),
        wordingVersion: z.string(),
        termsVersion: z.string().optional(),
      })
      .optional()
      .meta({ description: 'who agreed, when and to which words' }),
    consentWording: z
      .object({ version: z.string(), text: z.string() })
      .meta({ description: 'what whoever switches it on agrees to' }),
  })
  .meta({ id: 'AutoTopUp' })

const ofAccount = z.object({ accountId: accountIdSchema })

export const readAutoTopUp = defineRoute({
  route: autoTopUpRoutes.readAutoTopUp,
  summary: 'Automatic top-up: its settings, whether it is on, and what it has charged this month',
  tag: 'Top-ups',
  callers: ['client', 'staff'],
  params: ofAccount,
  responses: { 200: { description: 'As it is now', schema: autoTopUpReply } },
  problems: ['account_not_found'],
})

export const setAutoTopUp = defineRoute({
  route: autoTopUpRoutes.setAutoTopUp,
  summary: 'Switch automatic top-up on, or change it; never charges at once without `confirmImmediateCharge`',
  tag: 'Top-ups',
  callers: ['client'],
  params: ofAccount,
  body: autoTopUpBody,
  responses: { 200: { description: 'It is on, unless its first charge failed', schema: autoTopUpReply } },
  problems: [
    'account_not_found',
    'role_not_allowed',
    'terms_required',
    'wrong_currency',
    'account_closed',
    'no_saved_card',
    'auto_top_up_disabled',
    'immediate_charge_unconfirmed',
    'changed_meanwhile',
  ],
})

export const switchOffAutoTopUp = defineRoute({
  route: autoTopUpRoutes.switchOffAutoTopUp,
  summary: 'Switch automatic top-up off; a charge that is under way is not called back',
  tag: 'Top-ups',
  callers: ['client', 'staff'],
  params: ofAccount,
  responses: { 200: { description: 'It is off', schema: autoTopUpReply } },
  problems: ['account_not_found', 'role_not_allowed', 'changed_meanwhile'],
})

export const autoTopUpApi = [readAutoTopUp, setAutoTopUp, switchOffAutoTopUp]
