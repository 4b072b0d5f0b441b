import { z } from 'zod'
import { lineSchema } from '../edge/text.ts'
import { amountSchema, currencySchema } from '../ledger/money.ts'

export const CLIENT_TYPES = ['hosted', 'private_cloud', 'global_infrastructure'] as const
export const clientTypeSchema = z.enum(CLIENT_TYPES)
export type ClientType = z.infer<typeof clientTypeSchema>

export const MEMBER_ROLES = ['owner', 'billing', 'viewer'] as const
export const memberRoleSchema = z.enum(MEMBER_ROLES)
export type MemberRole = z.infer<typeof memberRoleSchema>

/** One client, as the documents table keeps it under `ACCOUNT#<id>` / `PROFILE`. */
export type Account = {
  accountId: string
  name: string
  clientType: ClientType
  currency: string
  /** IANA name; the account's calendar is local to it. */
  timeZone: string
  /** Below this much available credit its people are told, once per dip. Zero: never. */
  lowCreditThresholdMicros: bigint
  createdAt: string
}

export type Member = { accountId: string; email: string; role: MemberRole; addedAt: string }

/** Where a list of accounts goes on: after this one. */
export type AccountPosition = { accountId: string; createdAt: string }

export const accountIdSchema = z
  .string()
  .regex(/^acc_[A-Za-z0-9_-]{8,40}$/, 'must be an account id such as "acc_5fK2…"')
  .meta({ id: 'AccountId' })

export const timeZoneSchema = z
  .string()
  .refine(isTimeZone, 'must be an IANA time zone such as "Europe/Berlin"')

export const emailSchema = z
  .email('must be an e-mail address')
  .max(254)
  .transform((email) => email.toLowerCase())

export const accountNameSchema = lineSchema(120)

/** Zero means that nobody is told. */
export const lowCreditThresholdSchema = z.strictObject({ amount: amountSchema, currency: currencySchema })

export const openAccountSchema = z.strictObject({
  name: accountNameSchema,
  clientType: clientTypeSchema,
  currency: currencySchema,
  timeZone: timeZoneSchema.default('UTC'),
  ownerEmail: emailSchema,
  lowCreditThreshold: lowCreditThresholdSchema.optional(),
})

export const changeAccountSchema = z
  .strictObject({
    name: accountNameSchema.optional(),
    timeZone: timeZoneSchema.optional(),
    lowCreditThreshold: lowCreditThresholdSchema.optional(),
  })
  .refine(
    (change) => Object.values(change).some((value) => value !== undefined),
    'must name something to change',
  )

/** What staff may make of an account. */
export const setStatusSchema = z.strictObject({
  status: z.enum(['open', 'parked', 'closed']),
  reason: lineSchema(500).meta({ description: 'kept with the change; clients do not see it' }),
})

/**
 * Abbreviations of old that `Intl` still takes and `Temporal`, which reckons every day and month, does not: they are no IANA
 * names, and IST is the time of India, Ireland and Israel.
 */
const ABBREVIATION = /^(?:AC|AE|AG|AR|AS|BE|BS|CA|CN|CS|CT|EA|EC|IE|IS|JS|MI|NE|NS|PL|PN|PR|PS|SS|VS)T$/i

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || ABBREVIATION.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
