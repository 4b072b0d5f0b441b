import { z } from 'zod'
import { money, moneyReply } from '../ledger/money.ts'
import { type Account, clientTypeSchema, type Member, memberRoleSchema } from './account.ts'

export const accountReply = z
  .object({
    accountId: z.string().meta({ examples: ['acc_5fK2mQ8bYw3nL0pTzR7vXc'] }),
    name: z.string(),
    clientType: clientTypeSchema,
    currency: z.string(),
    timeZone: z.string().meta({ description: 'IANA name; the account’s months begin and end in it' }),
    lowCreditThreshold: moneyReply,
    createdAt: z.string(),
  })
  .meta({ id: 'Account' })

export const memberReply = z
  .object({ accountId: z.string(), email: z.string(), role: memberRoleSchema, addedAt: z.string() })
  .meta({ id: 'Member' })

/** An account as the API shows it. */
export function presentAccount(account: Account): z.infer<typeof accountReply> {
  const { accountId, name, clientType, currency, timeZone, lowCreditThresholdMicros, createdAt } = account
  const lowCreditThreshold = money(lowCreditThresholdMicros, currency)
  return { accountId, name, clientType, currency, timeZone, lowCreditThreshold, createdAt }
}

/** A member as the API shows it. */
export function presentMember({ accountId, email, role, addedAt }: Member): z.infer<typeof memberReply> {
  return { accountId, email, role, addedAt }
}
