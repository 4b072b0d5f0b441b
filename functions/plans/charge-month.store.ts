import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { type Period, periodOf } from '../accounts/billing-period.ts'
import { writeTogether } from '../edge/write-together.ts'
import { hashOf } from '../ledger/canonical-json.ts'
import type { Head } from '../ledger/entry.ts'
import { createLedger, type LedgerOptions } from '../ledger/ledger.store.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import {
  decideMonthlyCharge,
  decideSettlement,
  decideShortNote,
  type MonthlyCharge,
  type MonthlyChargeInput,
} from './decide-monthly-charge.ts'
import { owedBefore, type PeriodDocument } from './period-document.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
import { createVersionInForce } from './upcoming-charge.store.ts'

export type ChargedMonth = { period: Period; result: 'charged' | 'short' | 'settled' | 'nothing_to_pay' }
export type MonthsCharged = {
  months: ChargedMonth[]
  /** Why months may still be due: such an account is not charged. */
  stopped?: 'account_parked' | 'account_closed'
}

/** What a step did; `again` means that the world changed under it and it must be decided anew. */
type Step = ChargedMonth | 'done' | 'again' | 'account_parked' | 'account_closed'

/** Ten years of months and as many lost races: more is no catching up, but a loop. */
const MOST_STEPS = 300

/**
 * Charges everything that an account owes, oldest month first: months that were short, then those that are due by now in
 * the account's time zone. A month is charged only when all before it are; the first that the credit does not cover stops
 * what follows, and due months after it become short as well. Each month is one ledger posting, in whose transaction the
 * month's document is written and the due date moves on: whatever fires, how often and in which order, a month is charged
 * at most once, and a run that dies anywhere leaves the rest to the next.
 */
export function createMonthlyCharging(options: LedgerOptions & { documentsTable: string }) {
  const { client } = options
  const ledger = createLedger(options)
  const accounts = createAccountStore(options)
  const subscriptions = createSubscriptionStore(options)
  const gate = createTermsGate(options)
  const versionInForce = createVersionInForce(options)

  /** An account that is closed or parked is not charged: a parked one stays due, a closed one is due no more. */
  async function chargeDue(accountId: string, now: Date): Promise<MonthsCharged> {
    const months: ChargedMonth[] = []
    if (!(await subscriptions.readDue(accountId, 'charge'))) return { months }
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`account ${accountId} has a plan and no profile`)
    const termsVersion = await gate.inForce(account, now)
    for (let count = 0; count < MOST_STEPS; count++) {
      const step = await takeStep({ account, at: now.toISOString(), termsVersion })
      if (step === 'done') return { months }
      if (step === 'account_parked' || step === 'account_closed') return { months, stopped: step }
      if (step !== 'again') months.push(step)
    }
    throw new Error(`account ${accountId}: charging does not come to an end`)
  }

  type Run = { account: Account; at: string; termsVersion: string | undefined }

  async function takeStep(run: Run): Promise<Step> {
    const { account, at } = run
    // The due month first: a month that was charged or found short since then moves it, and the write's condition fails.
    const due = await subscriptions.readDue(account.accountId, 'charge')
    if (!due) return 'done'
    const head = await ledger.readHead(account.accountId)
    if (!head) throw new Error(`account ${account.accountId} has no ledger`)
    if (head.status === 'parked') return 'account_parked'
    if (head.status === 'closed') return endDue(due)
    const short = await subscriptions.listShort(account.accountId)
    // What is due was read before: another worker has found it short since.
    if (short.some(({ period }) => period >= due.period)) return 'again'
    const oldest = short[0]
    if (oldest) {
      const settled = await settle(run, oldest)
      if (settled !== 'done') return settled
    }
    if (due.period > periodOf(at, account.timeZone)) return 'done'
    return chargeMonth(run, due, short, head)
  }

  /** `done` when the credit does not cover it: then nothing after it is charged either. */
  async function settle({ account, at, termsVersion }: Run, document: PeriodDocument): Promise<Step> {
    const { accountId, currency } = account
    const posted = await ledger.post({
      accountId,
      ...keyOf('plan', document.period),
      at,
      decide: (head) => {
        const decision = decideSettlement({ charge: document, head, currency, termsVersion })
        if (!decision.ok) return decision
        return { ...decision, documents: [subscriptions.settlePeriod(document, head.sequence + 1n, at)] }
      },
    })
    if (posted.ok) return posted.replayed ? 'again' : { period: document.period, result: 'settled' }
    if (posted.reason === 'insufficient_credit') return 'done'
    return afterRefusal(accountId, posted.reason)
  }

  async function chargeMonth(run: Run, due: Due, short: PeriodDocument[], head: Head): Promise<Step> {
    const { account, at, termsVersion } = run
    const { accountId } = account
    const owedMicros = owedBefore(short, due.period)
    const subscription = await subscriptions.read(accountId)
    if (!subscription) throw new Error(`account ${accountId}: a charge is due without a plan`)
    const planVersion = await versionInForce(account, subscription, due.period)
    const input = { account, subscription, planVersion, period: due.period, owedMicros, termsVersion }
    const first = decideMonthlyCharge({ ...input, head })
    if (first.charge.totalMicros === 0n) return passMonth(run, due, first.charge)
    const posted = await ledger.post({
      accountId,
      ...keyOf('plan', due.period),
      at,
      decide: (current) => {
        const decision = decideMonthlyCharge({ ...input, head: current })
        if (!decision.ok) return decision
        // Owed months have to be paid first, each by its own line, and by now the credit covers all: decide anew.
        if (owedMicros > 0n || !decision.draft) return { ok: false, reason: 'document_changed' as const }
        const period = { ...decision.charge, accountId, status: 'charged' as const, at }
        const entrySequence = current.sequence + 1n
        const documents = [
          subscriptions.putPeriod({ ...period, entrySequence }),
          subscriptions.moveDueOn('charge', due, account.timeZone),
        ]
        return { ok: true as const, draft: decision.draft, documents }
      },
    })
    if (posted.ok) return posted.replayed ? 'again' : { period: due.period, result: 'charged' }
    if (posted.reason === 'short') return noteShort(run, due, input, short[0])
    return afterRefusal(accountId, posted.reason)
  }

  async function noteShort(
    run: Run,
    due: Due,
    input: Omit<MonthlyChargeInput, 'head'>,
    oldestOwed: PeriodDocument | undefined,
  ): Promise<Step> {
    const { account, at } = run
    const { accountId } = account
    const posted = await ledger.post({
      accountId,
      ...keyOf('plan-short', due.period),
      at,
      decide: (head) => {
        const decision = decideShortNote({ ...input, head })
        if (!decision.ok) return decision
        const shortSequence = head.sequence + 1n
        const documents = [
          subscriptions.putPeriod({ ...decision.charge, accountId, status: 'short', shortSequence, at }),
          subscriptions.moveDueOn('charge', due, account.timeZone),
          // Months are settled oldest first: while this one is owed, all that was counted as owed is.
          ...(oldestOwed ? [subscriptions.stillShort(oldestOwed)] : []),
        ]
        return { ok: true as const, draft: decision.draft, documents }
      },
    })
    if (posted.ok) return posted.replayed ? 'again' : { period: due.period, result: 'short' }
    if (posted.reason === 'not_short') return 'again'
    return afterRefusal(accountId, posted.reason)
  }

  /** A month that costs nothing: it is recorded as charged, and the ledger has no line of it. */
  async function passMonth({ account, at }: Run, due: Due, charge: MonthlyCharge): Promise<Step> {
    const written = await writeTogether(client, [
      subscriptions.putPeriod({ ...charge, accountId: account.accountId, status: 'charged', at }),
      subscriptions.moveDueOn('charge', due, account.timeZone),
    ])
    if (written.ok) return { period: due.period, result: 'nothing_to_pay' }
    if (written.reason === 'busy') throw new Error(`account ${account.accountId}: too busy to be charged`)
    return 'again'
  }

  async function endDue(due: Due): Promise<Step> {
    await writeTogether(client, [subscriptions.endDue('charge', due)])
    return 'account_closed'
  }

  return { chargeDue }
}

/** The request's hash is the month alone: whatever it costs by now, it is the same request. */
function keyOf(kind: 'plan' | 'plan-short', period: Period) {
  return { key: `${kind}:${period}`, requestHash: hashOf({ [kind]: period }) }
}

function afterRefusal(accountId: string, reason: string): Step {
  if (reason === 'document_changed') return 'again'
  if (reason === 'account_parked' || reason === 'account_closed') return reason
  throw new Error(`account ${accountId}: cannot be charged: ${reason}`)
}
