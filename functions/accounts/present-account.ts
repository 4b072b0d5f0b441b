import { z } from 'zod'
import type { StatusChange } from '../ledger/decide-status.ts'
import type { AccountStatus } from '../ledger/entry.ts'
import { money, moneyReply } from '../ledger/money.ts'
import { type EmailStatus, emailStatusReply } from '../notices/address-status.ts'
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

export const accountInFullReply = accountReply
  .extend({
    status: z
      .enum(['open', 'parked', 'closed'])
      .meta({ description: 'a parked account takes credit and gives none; on a closed one nothing moves' }),
    statusChange: z
      .object({
        at: z.string(),
        reason: z.string(),
        actor: z.string(),
        faults: z.array(z.string()).optional(),
      })
      .optional()
      .meta({ description: 'who changed it last, when and why; for staff' }),
  })
  .meta({ id: 'AccountInFull' })

export const memberReply = z
  .object({
    accountId: z.string(),
    email: z.string(),
    role: memberRoleSchema,
    addedAt: z.string(),
    emailStatus: emailStatusReply
      .optional()
      .meta({ description: 'for owners and staff; absent where mail goes through, as far as is known' }),
  })
  .meta({ id: 'Member' })

/** An account as the API shows it. */
export function presentAccount(account: Account): z.infer<typeof accountReply> {
  const { accountId, name, clientType, currency, timeZone, lowCreditThresholdMicros, createdAt } = account
  const lowCreditThreshold = money(lowCreditThresholdMicros, currency)
  return { accountId, name, clientType, currency, timeZone, lowCreditThreshold, createdAt }
}

/** An account with its status; `change` is what staff see of it. */
export function presentAccountInFull(
  account: Account,
  status: AccountStatus,
  change: StatusChange | undefined,
): z.infer<typeof accountInFullReply> {
  const { at, reason, actor, faults } = change ?? {}
  const statusChange = at && reason && actor ? { at, reason, actor, faults } : undefined
  return { ...presentAccount(account), status, statusChange }
}

/** A member as the API shows it. */
export function presentMember(
  { accountId, email, role, addedAt }: Member,
  emailStatus?: EmailStatus,
): z.infer<typeof memberReply> {
  return { accountId, email, role, addedAt, ...(emailStatus && { emailStatus }) }
}
