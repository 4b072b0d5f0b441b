import { createAccess } from '../access/access.store.ts'
import type { Account } from '../accounts/account.ts'
import type { Caller } from '../edge/caller.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import { readCreditAt } from '../ledger/credit-at.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { explainEntry } from '../statements/present-entry.ts'
import { askTerms, type TermsAsked } from '../terms/ask-terms.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { createPlanChanging } from './change-plan.store.ts'
import { changeAccountPlan, previewPlanChange } from './plans.api.ts'
import { presentPlanChange } from './present-plan-change.ts'
import { refuseChange } from './refuse.ts'
import { readChoice } from './subscription.ts'
import { mayDespiteTerms } from './who-may-choose.ts'

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
const ledger = createLedgerReader(options)
const gate = createTermsGate(options)
const changing = createPlanChanging({ ...options, graceDays: Number(PLAN_GRACE_DAYS) })

const payersAndStaff = { roles: ['owner', 'billing'] as const, staff: true }

export const handler = httpHandler(
  bind(previewPlanChange, async ({ caller, params: { accountId }, body }) => {
    const account = await access.require(caller, accountId, payersAndStaff)
    const now = new Date()
    const change = await changing.preview({ account, choice: readChoice(body), actor: caller.actor, now })
    if (!change.ok) throw refuseChange(change, account.currency)
    const credit = await readCreditAt(ledger, accountId, now.toISOString())
    if (!credit) throw new Problem('account_not_found', `You have no account ${accountId}.`)
    const head = { ...credit.head, availableMicros: credit.usableMicros }
    return { status: 200, body: presentPlanChange(change, head) }
  }),

  bind(changeAccountPlan, async ({ caller, params: { accountId }, body, idempotencyKey }) => {
    // A change that was made is answered as it was, whatever waits since; a new one asks for the terms itself.
    const account = await access.require(caller, accountId, { ...payersAndStaff, despiteTerms: true })
    const now = new Date()
    const terms = await termsOf(account, caller, body.planId, now)
    const changed = await changing.change({
      ...{ account, choice: readChoice(body), actor: caller.actor, now, terms },
      key: `plan-change:${idempotencyKey}`,
      requestHash: requestHash(body),
    })
    if (!changed.ok && changed.reason === 'blocked') throw changed.problem
    if (!changed.ok) throw refuseChange(changed, account.currency)
    return { status: 201, body: explainEntry(changed.entry) }
  }),
)

async function termsOf(
  account: Account,
  caller: Caller,
  planId: string | null,
  now: Date,
): Promise<TermsAsked> {
  if (mayDespiteTerms(caller, planId)) return { ok: true, label: await gate.inForce(account, now) }
  return askTerms(gate.require, account, now)
}
