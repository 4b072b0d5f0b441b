import { z } from 'zod'
import { instantSchema } from '../edge/instant.ts'
import { lineSchema } from '../edge/text.ts'
import { currencySchema, positiveAmountSchema } from '../ledger/money.ts'
import {
  attributeValueSchema,
  LARGEST_EVENT_BYTES,
  quantitySchema,
  secondsSchema,
  usedServiceSchema,
} from '../usage/read-cloud-events.ts'

const MOST_ATTRIBUTES = 50

export const attributesSchema = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be the name of an attribute'),
    attributeValueSchema,
  )
  .refine(
    (attributes) => Object.keys(attributes).length <= MOST_ATTRIBUTES,
    `must have at most ${MOST_ATTRIBUTES} members`,
  )
  .refine(
    (attributes) => Buffer.byteLength(JSON.stringify(attributes)) <= LARGEST_EVENT_BYTES,
    `must not be larger than ${LARGEST_EVENT_BYTES} bytes`,
  )

const RATED_FIELDS = ['quantity', 'seconds', 'attributes', 'time'] as const

/** A use to be rated now, or an amount of its own. */
export const chargeBody = z
  .strictObject({
    service: usedServiceSchema.optional(),
    quantity: quantitySchema.optional(),
    seconds: secondsSchema.optional(),
    attributes: attributesSchema.optional(),
    time: instantSchema.optional().meta({ description: 'when it happened; absent: now' }),
    amount: positiveAmountSchema.optional().meta({ description: 'a one-off charge, by staff only' }),
    currency: currencySchema.optional(),
    description: lineSchema(200)
      .optional()
      .meta({ description: 'what the statement says; needed with an amount' }),
  })
  .superRefine((body, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: [field] })
    if ((body.service === undefined) === (body.amount === undefined)) {
      return refuse(
        'service',
        'give either a service with a quantity or seconds, or an amount with currency and description',
      )
    }
    if (body.service !== undefined) {
      if (body.quantity === undefined && body.seconds === undefined)
        refuse('quantity', 'a service needs a quantity or seconds')
      if (body.currency !== undefined)
        refuse('currency', 'goes with an amount; a service is rated in the account’s currency')
      return
    }
    if (body.currency === undefined) refuse('currency', 'is needed with an amount')
    if (body.description === undefined) refuse('description', 'is needed with an amount')
    for (const field of RATED_FIELDS) if (body[field] !== undefined) refuse(field, 'goes with a service')
  })
  .meta({ id: 'ChargeRequest' })

export type ChargeRequest = z.output<typeof chargeBody>

/** True for a charge whose amount the caller says, rather than a price. */
export function isOneOff(request: ChargeRequest): boolean {
  return request.amount !== undefined
}
