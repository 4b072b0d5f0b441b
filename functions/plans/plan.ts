import { z } from 'zod'
import { type ClientType, clientTypeSchema } from '../accounts/account.ts'
import { instantSchema } from '../edge/instant.ts'
import { lineSchema } from '../edge/text.ts'
import { amountSchema, currencySchema, parseAmount } from '../ledger/money.ts'
import { serviceNameSchema } from '../prices/price.ts'

/** The line of a plan's own fee, beside those of its services. */
export const BASE_FEE_SERVICE = 'base-fee'
export const BASE_FEE_NAME = 'Base fee'

const LARGEST_FEE = '1000000'
const MOST_SERVICES = 100
const LARGEST_QUANTITY = 1_000_000

export const feeSchema = amountSchema
  .refine((text) => (parseAmount(text) ?? 0n) <= parseAmount(LARGEST_FEE)!, `must be at most ${LARGEST_FEE}`)
  .meta({ description: 'per month', examples: ['4.90'] })

export const planIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, ".", "_", "-", first a letter or digit')

const planServiceSchema = z.strictObject({
  service: serviceNameSchema.refine(
    (name) => name !== BASE_FEE_SERVICE,
    'is the name of the base fee’s line',
  ),
  name: lineSchema(120),
  unitFee: feeSchema,
  withdrawn: z
    .boolean()
    .optional()
    .meta({ description: 'true: nobody takes it anew or more of it; who has it keeps it and is charged' }),
})

type NamesService = { service: string }
type Issues = { addIssue(issue: { code: 'custom'; message: string; path: (string | number)[] }): void }

/** Refuses a list that names a service twice. */
function eachServiceOnce(services: readonly NamesService[], context: Issues): void {
  services.forEach(({ service }, index) => {
    if (services.findIndex((other) => other.service === service) < index) {
      context.addIssue({
        code: 'custom',
        message: 'names a service for the second time',
        path: [index, 'service'],
      })
    }
  })
}

/** What staff send to set a plan. */
export const planContentSchema = z
  .strictObject({
    name: lineSchema(120),
    clientType: clientTypeSchema,
    currency: currencySchema,
    effectiveFrom: instantSchema.optional().meta({
      description:
        'absent: from now on. Only the first version of a plan may begin in the past, and one that raises a fee begins after the time of notice',
    }),
    baseFee: feeSchema.optional(),
    services: z.array(planServiceSchema).max(MOST_SERVICES).superRefine(eachServiceOnce),
  })
  .meta({ id: 'PlanContent' })

/** What an account takes of a plan. */
export const chosenServicesSchema = z
  .array(z.strictObject({ service: serviceNameSchema, quantity: z.int().min(0).max(LARGEST_QUANTITY) }))
  .max(MOST_SERVICES)
  .superRefine(eachServiceOnce)

/** What a client ranks: the first that it names stops first. */
export const stopOrderSchema = z
  .array(
    serviceNameSchema.refine(
      (name) => name !== BASE_FEE_SERVICE,
      'cannot be ranked: it stops after all else',
    ),
  )
  .max(MOST_SERVICES)
  .superRefine((services, context) => {
    services.forEach((service, index) => {
      if (services.indexOf(service) < index)
        context.addIssue({ code: 'custom', message: 'names a service for the second time', path: [index] })
    })
  })

export type PlanService = {
  service: string
  name: string
  unitFeeMicros: bigint
  /** Not on offer any more: what accounts have of it stays and is charged, and nobody takes it anew or more of it. */
  withdrawn?: true
}

/** One version of a plan; never changed once written. */
export type PlanVersion = {
  planId: string
  version: number
  name: string
  clientType: ClientType
  currency: string
  /** ISO instant, UTC, with milliseconds. */
  effectiveFrom: string
  /** When it was written. */
  setAt?: string
  baseFeeMicros: bigint
  services: PlanService[]
}

export type PlanContent = Omit<PlanVersion, 'planId' | 'version' | 'effectiveFrom' | 'setAt'> & {
  effectiveFrom?: string
}

/** Amounts of a request as micros. */
export function toPlanContent(body: z.output<typeof planContentSchema>): PlanContent {
  const { baseFee, services, ...rest } = body
  return {
    ...rest,
    baseFeeMicros: parseAmount(baseFee ?? '0')!,
    services: services.map(({ service, name, unitFee, withdrawn }) => ({
      service,
      name,
      unitFeeMicros: parseAmount(unitFee)!,
      ...(withdrawn && { withdrawn }),
    })),
  }
}
