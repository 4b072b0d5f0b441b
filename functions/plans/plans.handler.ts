import { createAccess } from '../access/access.store.ts'
import { type Account, MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { readCreditUntil } from '../ledger/credit-at.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createPriceChangeStore } from '../price-changes/price-change.store.ts'
import { choosePlan } from './choose-plan.store.ts'
import { createCoverage } from './coverage.store.ts'
import { createPlanStore } from './plan.store.ts'
import { toPlanContent } from './plan.ts'
import { presentPlanPrices, readPlanPrices, setPlanPrices, toWishes } from './plan-prices.api.ts'
import { createPlanStanding } from './plan-standing.store.ts'
import * as api from './plans.api.ts'
import { presentAccountPlan, presentPlan, presentPlanVersion, presentUpcomingCharge } from './present-plan.ts'
import { endOfOutlook } from './project-credit.ts'
import { refuseChoice } from './refuse.ts'
import { setAgreedPrices } from './set-agreed-prices.store.ts'
import { setStopOrder } from './set-stop-order.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'
import { readChoice, type Subscription } from './subscription.ts'
import { whoMayChoose } from './who-may-choose.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, PAYMENTS_TABLE, PRICE_CHANGE_NOTICE_DAYS } =
  environment(
    'LEDGER_TABLE',
    'WAITING_TABLE',
    'DOCUMENTS_TABLE',
    'PAYMENTS_TABLE',
    'PRICE_CHANGE_NOTICE_DAYS',
  )
const client = documentClient()
const options = { client, documentsTable: DOCUMENTS_TABLE }
const access = createAccess(options)
const plans = createPlanStore({ ...options, noticeDays: Number(PRICE_CHANGE_NOTICE_DAYS) })
const subscriptions = createSubscriptionStore(options)
const coverages = createCoverage({
  ...options,
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  paymentsTable: PAYMENTS_TABLE,
})
const priceChanges = createPriceChangeStore(options)
const ledger = createLedgerReader({ ...options, ledgerTable: LEDGER_TABLE, waitingTable: WAITING_TABLE })
const standings = createPlanStanding(options)

const anyMember = { roles: MEMBER_ROLES, staff: true }
const payersAndStaff = { roles: ['owner', 'billing'] as const, staff: true }
const noPlan = (accountId: string) => new Problem('plan_not_found', `Account ${accountId} has no plan.`)

export const handler = httpHandler(
  bind(api.listPlans, async () => {
    const now = new Date().toISOString()
    const byPlan = Map.groupBy(await plans.listAll(), ({ planId }) => planId)
    return {
      status: 200,
      body: { plans: [...byPlan.values()].map((versions) => presentPlan(versions, now)) },
    }
  }),

  bind(api.readPlan, async ({ params: { planId } }) => {
    const versions = await plans.listVersions(planId)
    if (versions.length === 0) throw new Problem('plan_not_found', `There is no plan ${planId}.`)
    return { status: 200, body: presentPlan(versions, new Date().toISOString()) }
  }),

  bind(api.setPlan, async ({ params: { planId }, body }) => {
    const set = await plans.set(planId, toPlanContent(body), new Date().toISOString())
    if (!set.ok && set.reason === 'request_invalid') throw invalidField(set.field, set.detail)
    if (!set.ok)
      throw new Problem('busy', 'Others are setting this plan at once; send the same request again.')
    return { status: set.replayed ? 200 : 201, body: { planId, ...presentPlanVersion(set.version) } }
  }),

  bind(api.readAccountPlan, async ({ caller, params: { accountId } }) => {
    const account = await access.require(caller, accountId, anyMember)
    const subscription = await subscriptions.read(accountId)
    if (!subscription || subscription.terms.length === 0) throw noPlan(accountId)
    return { status: 200, body: await presentWhole(account, subscription, new Date()) }
  }),

  bind(api.setAccountPlan, async ({ caller, params: { accountId }, body }) => {
    const account = await access.require(caller, accountId, whoMayChoose(body.planId))
    const now = new Date()
    const choice = readChoice(body)
    const chosen = await choosePlan(options, { account, choice, actor: caller.actor, now })
    if (!chosen.ok) throw refuseChoice(chosen)
    return { status: 200, body: await presentWhole(account, chosen.subscription, now) }
  }),

  bind(api.setStopOrder, async ({ caller, params: { accountId }, body: { services } }) => {
    const account = await access.require(caller, accountId, payersAndStaff)
    const now = new Date()
    const set = await setStopOrder(options, { account, services, now })
    if (!set.ok && set.reason === 'plan_not_found') throw noPlan(accountId)
    if (!set.ok) throw refuseChoice(set)
    return { status: 200, body: await presentWhole(account, set.subscription, now) }
  }),

  bind(readPlanPrices, async ({ caller, params: { accountId } }) => {
    const { currency } = await access.require(caller, accountId, anyMember)
    const { overrides = [] } = (await subscriptions.read(accountId)) ?? {}
    return { status: 200, body: presentPlanPrices(accountId, overrides, currency) }
  }),

  bind(setPlanPrices, async ({ caller, params: { accountId }, body }) => {
    const account = await access.require(caller, accountId, { roles: [], staff: true })
    const wishes = toWishes(body)
    const set = await setAgreedPrices(options, { account, wishes, actor: caller.actor, now: new Date() })
    if (!set.ok) throw refuseChoice(set)
    return { status: 200, body: presentPlanPrices(accountId, set.overrides, account.currency) }
  }),

  bind(api.readUpcomingCharge, async ({ caller, params: { accountId } }) => {
    const account = await access.require(caller, accountId, anyMember)
    const coverage = await coverages.read(account, new Date())
    if (!coverage.month) throw noPlan(accountId)
    return { status: 200, body: presentUpcomingCharge(coverage.month, coverage, account.currency) }
  }),
)

async function presentWhole(account: Account, subscription: Subscription, now: Date) {
  const at = now.toISOString()
  const announced = await priceChanges.listComing(account, subscription, at)
  const credit = await readCreditUntil(ledger, account.accountId, endOfOutlook(at, account.timeZone))
  if (!credit) throw new Error(`account ${account.accountId} has no ledger`)
  const standing = await standings.read(account, now, credit)
  if (!standing) throw noPlan(account.accountId)
  return presentAccountPlan(subscription, standing, announced, account)
}
