import { z } from 'zod'
import { attributesSchema } from '../charges/charge.ts'
import { instantSchema } from '../edge/instant.ts'
import { lineSchema } from '../edge/text.ts'
import { amountSchema, currencySchema, positiveAmountSchema } from '../ledger/money.ts'
import { quantitySchema, secondsSchema, usedServiceSchema } from '../usage/read-cloud-events.ts'
import { LONGEST_LEASE_SECONDS, SHORTEST_LEASE_SECONDS, USUAL_LEASE_SECONDS } from './hold.ts'

type Context = { addIssue(issue: { code: 'custom'; message: string; path: string[] }): void }

export const holdIdSchema = z.string().regex(/^hold_[A-Za-z0-9_-]{22}$/, 'must be a hold’s id')

const leaseSchema = z
  .int()
  .min(SHORTEST_LEASE_SECONDS)
  .max(LONGEST_LEASE_SECONDS)
  .meta({ description: 'the session is lost when it has not been heard of for so long' })

const askedSeconds = secondsSchema.min(1)
const askedQuantity = quantitySchema.min(1)

/** A use that begins, with how much of it is expected; or an amount. */
export const authoriseBody = z
  .strictObject({
    session: lineSchema(200).optional().meta({
      description:
        'your own name for it, such as the call’s id: a usage event whose data carries the same `session` is reconciled with this hold',
    }),
    service: usedServiceSchema.optional(),
    seconds: askedSeconds.optional(),
    quantity: askedQuantity.optional(),
    attributes: attributesSchema.optional(),
    time: instantSchema.optional().meta({ description: 'when it began; absent: now' }),
    atLeast: z.int().min(1).optional().meta({
      description: 'refuse rather than grant fewer seconds or units; absent: as many as credit covers',
    }),
    amount: positiveAmountSchema.optional(),
    currency: currencySchema.optional(),
    leaseSeconds: leaseSchema.default(USUAL_LEASE_SECONDS),
    description: lineSchema(200).optional().meta({ description: 'what the statement says' }),
  })
  .superRefine((body, context) => {
    const refuse = refuserOf(context)
    if ((body.service === undefined) === (body.amount === undefined))
      return refuse('service', 'give either a service with seconds or a quantity, or an amount with currency')
    if (body.service !== undefined) {
      if ((body.seconds === undefined) === (body.quantity === undefined))
        refuse('seconds', 'a service needs either seconds or a quantity: what the session is measured in')
      if (body.currency !== undefined)
        refuse('currency', 'goes with an amount; a service is rated in the account’s currency')
      const asked = body.seconds ?? body.quantity
      if (body.atLeast !== undefined && asked !== undefined && body.atLeast > asked)
        refuse('atLeast', 'must be at most what is asked for')
      return
    }
    if (body.currency === undefined) refuse('currency', 'is needed with an amount')
    for (const field of ['seconds', 'quantity', 'attributes', 'time', 'atLeast'] as const)
      if (body[field] !== undefined) refuse(field, 'goes with a service')
  })
  .meta({ id: 'HoldRequest' })

/** More of the same, what was used so far, or a sign of life. */
export const extendBody = z
  .strictObject({
    seconds: askedSeconds.optional().meta({ description: 'so many more' }),
    quantity: askedQuantity.optional().meta({ description: 'so many more' }),
    amount: positiveAmountSchema.optional().meta({ description: 'so much more, of a hold of an amount' }),
    atLeast: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'refuse rather than grant fewer; absent: as many as credit covers' }),
    reported: z
      .strictObject({
        seconds: secondsSchema.optional(),
        quantity: quantitySchema.optional(),
        amount: amountSchema.optional(),
      })
      .refine(
        (reported) => Object.values(reported).filter((value) => value !== undefined).length === 1,
        'must have one of seconds, quantity and amount',
      )
      .optional()
      .meta({ description: 'used since the beginning: what a lost session is charged; never falls' }),
    leaseSeconds: leaseSchema
      .optional()
      .meta({ description: 'absent: as before; a lease never gets shorter' }),
  })
  .superRefine((body, context) => {
    const refuse = refuserOf(context)
    const asked = [body.seconds, body.quantity, body.amount].filter((value) => value !== undefined)
    if (asked.length > 1) refuse('seconds', 'give one of seconds, quantity and amount, or none')
    const more = body.seconds ?? body.quantity
    if (body.atLeast !== undefined && (more === undefined || body.atLeast > more))
      refuse('atLeast', 'must be at most what is asked for')
  })
  .meta({ id: 'HoldExtension' })

/** What was used in all, or what to charge. */
export const captureBody = z
  .strictObject({
    seconds: secondsSchema.optional(),
    quantity: quantitySchema.optional(),
    amount: amountSchema.optional(),
    currency: currencySchema.optional(),
  })
  .superRefine((body, context) => {
    const refuse = refuserOf(context)
    const given = [body.seconds, body.quantity, body.amount].filter((value) => value !== undefined)
    if (given.length !== 1) refuse('seconds', 'give one of seconds, quantity and amount')
    if (body.currency !== undefined && body.amount === undefined) refuse('currency', 'goes with an amount')
  })
  .meta({ id: 'HoldCapture' })

function refuserOf(context: Context) {
  return (field: string, message: string) => context.addIssue({ code: 'custom', message, path: [field] })
}

export type AuthoriseRequest = z.output<typeof authoriseBody>
export type ExtendRequest = z.output<typeof extendBody>
export type CaptureRequest = z.output<typeof captureBody>
