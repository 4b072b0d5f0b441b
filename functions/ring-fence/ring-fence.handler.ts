import { createAccess } from '../access/access.store.ts'
import { type Account, MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { createMonthlyCharging } from '../plans/charge-month.store.ts'
import { createSubscriptionStore } from '../plans/subscription.store.ts'
import { createUpcomingCharge } from '../plans/upcoming-charge.store.ts'
import { presentRingFence } from './present-ring-fence.ts'
import * as api from './ring-fence.api.ts'
import { setRingFence } from './set-ring-fence.store.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, PLAN_GRACE_DAYS } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PLAN_GRACE_DAYS',
)
const options = {
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
}
const access = createAccess(options)
const subscriptions = createSubscriptionStore(options)
const charging = createMonthlyCharging({ ...options, graceDays: Number(PLAN_GRACE_DAYS) })
const upcoming = createUpcomingCharge(options)

const anyMember = { roles: MEMBER_ROLES, staff: true }
const payersAndStaff = { roles: ['owner', 'billing'] as const, staff: true }
const noPlan = (accountId: string) => new Problem('plan_not_found', `Account ${accountId} has no plan.`)

async function present(account: Account, now: Date) {
  const charge = await upcoming.preview(account, now)
  if (!charge) throw noPlan(account.accountId)
  const subscription = await subscriptions.read(account.accountId)
  return presentRingFence(account, subscription?.ringFence ?? 'off', charge, now.toISOString())
}

export const handler = httpHandler(
  bind(api.readRingFence, async ({ caller, params: { accountId } }) => {
    const account = await access.require(caller, accountId, anyMember)
    return { status: 200, body: await present(account, new Date()) }
  }),

  bind(api.setRingFence, async ({ caller, params: { accountId }, body: { mode } }) => {
    const account = await access.require(caller, accountId, payersAndStaff)
    const now = new Date()
    const set = await setRingFence(options, { accountId, mode, at: now.toISOString() })
    if (!set.ok && set.reason === 'plan_not_found') throw noPlan(accountId)
    if (!set.ok) throw new Problem('busy', 'Sent again, it is done once.')
    // At once; should this be the last thing that is not done, the next hour does it.
    await charging.chargeDue(accountId, now)
    return { status: 200, body: await present(account, now) }
  }),
)
