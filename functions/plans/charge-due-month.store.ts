import { writeTogether } from '../edge/write-together.ts'
import type { Ledger, LedgerOptions } from '../ledger/ledger.store.ts'
import type { RingFenceStore } from '../ring-fence/ring-fence.store.ts'
import { isOutdated, type RingFence } from '../ring-fence/ring-fence.ts'
import { createRunStore } from '../runs/run.store.ts'
import { afterRefusal, keyOf, type Run, type Step } from './charging-step.ts'
import {
  decideMonthlyCharge,
  decideShortNote,
  type MonthlyChargeInput,
  priceMonth,
} from './decide-monthly-charge.ts'
import { beginGrace, findGoverning, GRACE_DAYS, nextStepOf, stopDayOf } from './grace.ts'
import { createGraceDueStore } from './grace-due.store.ts'
import type { MonthlyCharge } from './monthly-charge.ts'
import { owedBefore, type PeriodDocument } from './period-document.ts'
import type { Situation } from './situation.store.ts'
import type { Due, SubscriptionStore } from './subscription.store.ts'
import { createVersionInForce } from './upcoming-charge.store.ts'

/**
 * Charges the month that is due, or finds it short: with the ledger entry, or where it costs nothing without one, its
 * document is written and the due date moves on.
 */
export function createDueMonthCharging(
  options: LedgerOptions & {
    documentsTable: string
    /** Of a month that is found short: see `GRACE_DAYS`. */
    graceDays?: number
    ledger: Ledger
    subscriptions: SubscriptionStore
    ringFences: RingFenceStore
  },
) {
  const { client, ledger, subscriptions, ringFences, graceDays = GRACE_DAYS } = options
  const graceDues = createGraceDueStore(options)
  const versionInForce = createVersionInForce(options)
  const runs = createRunStore(options)

  async function chargeMonth(run: Run, { due, short, ringFence }: Situation): Promise<Step> {
    const { account, at, termsVersion } = run
    const { accountId } = account
    // Whatever charges the first account of a month, the month's run is there before.
    await runs.openRun(due.period, at)
    const owedMicros = owedBefore(short, due.period)
    const subscription = await subscriptions.read(accountId)
    if (!subscription) throw new Error(`account ${accountId}: a charge is due without a plan`)
    const planVersion = await versionInForce(account, subscription, due.period, at)
    const input = {
      account,
      subscription,
      planVersion,
      period: due.period,
      ringFence,
      owedMicros,
      termsVersion,
    }
    const priced = priceMonth(input)
    if (priced.totalMicros === 0n) return passMonth(run, due, priced)
    const posted = await ledger.post({
      accountId,
      ...keyOf('plan', due.period),
      at,
      decide: (current) => {
        if (isOutdated(current, ringFence)) return { ok: false, reason: 'document_changed' as const }
        const decision = decideMonthlyCharge({ ...input, head: current })
        if (!decision.ok) return decision
        // Owed months have to be paid first, each by its own line, and by now the credit covers all: decide anew.
        if (owedMicros > 0n || !decision.draft) return { ok: false, reason: 'document_changed' as const }
        const { charge } = decision
        const movements = [{ sequence: current.sequence + 1n, amountMicros: charge.totalMicros }]
        const documents = [
          subscriptions.putPeriod({ ...charge, accountId, status: 'charged', movements, at }),
          subscriptions.moveDueOn('charge', due, account.timeZone),
          ...ringFences.changeIfHeld(ringFence, decision.held),
        ]
        return { ok: true as const, draft: decision.draft, documents }
      },
    })
    if (posted.ok) return posted.replayed ? 'again' : { period: due.period, result: 'charged' }
    if (posted.reason === 'short') return noteShort(run, due, { ...input, ringFence }, short)
    return afterRefusal(accountId, posted.reason)
  }

  async function noteShort(
    run: Run,
    due: Due,
    input: Omit<MonthlyChargeInput, 'head'> & { ringFence: RingFence },
    short: readonly PeriodDocument[],
  ): Promise<Step> {
    const { account, at } = run
    const { accountId, timeZone } = account
    const grace = beginGrace(due.period, at, timeZone, graceDays)
    const governing = findGoverning([...short, grace])!
    const stopsOn = stopDayOf(governing, timeZone, at)
    const posted = await ledger.post({
      accountId,
      ...keyOf('plan-short', due.period),
      at,
      decide: (head) => {
        const decision = decideShortNote({ ...input, head, stopsOn })
        if (!decision.ok) return decision
        const shortSequence = head.sequence + 1n
        const documents = [
          subscriptions.putPeriod({
            ...decision.charge,
            ...{ accountId, status: 'short', movements: [], shortSequence, ...grace, at },
          }),
          subscriptions.moveDueOn('charge', due, account.timeZone),
          graceDues.begin(accountId, nextStepOf(governing, timeZone, at)),
          // Months are settled oldest first: while this one is owed, all that was counted as owed is.
          ...short.slice(0, 1).map(subscriptions.stillShort),
          // What is set aside counts: only while it is so much is the month short.
          ...ringFences.unchangedIfWished(input.ringFence, input.subscription),
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
      subscriptions.putPeriod({
        ...charge,
        accountId: account.accountId,
        status: 'charged',
        movements: [],
        at,
      }),
      subscriptions.moveDueOn('charge', due, account.timeZone),
    ])
    if (written.ok) return { period: due.period, result: 'nothing_to_pay' }
    if (written.reason === 'busy') throw new Error(`account ${account.accountId}: too busy to be charged`)
    return 'again'
  }

  return chargeMonth
}
