import { writeTogether } from '../edge/write-together.ts'
import type { Head } from '../ledger/entry.ts'
import type { Ledger, LedgerOptions } from '../ledger/ledger.store.ts'
import { createRunStore } from '../runs/run.store.ts'
import { afterRefusal, keyOf, type Run, type Step } from './charging-step.ts'
import { decideMonthlyCharge, decideShortNote, type MonthlyChargeInput } from './decide-monthly-charge.ts'
import type { MonthlyCharge } from './monthly-charge.ts'
import { owedBefore, type PeriodDocument } from './period-document.ts'
import type { Due, SubscriptionStore } from './subscription.store.ts'
import { createVersionInForce } from './upcoming-charge.store.ts'

/**
 * Charges the month that is due, or finds it short: with the ledger entry, or where it costs nothing without one, its
 * document is written and the due date moves on.
 */
export function createDueMonthCharging(
  options: LedgerOptions & { documentsTable: string; ledger: Ledger; subscriptions: SubscriptionStore },
) {
  const { client, ledger, subscriptions } = options
  const versionInForce = createVersionInForce(options)
  const runs = createRunStore(options)

  async function chargeMonth(run: Run, due: Due, short: PeriodDocument[], head: Head): Promise<Step> {
    const { account, at, termsVersion } = run
    const { accountId } = account
    // Whatever charges the first account of a month, the month's run is there before.
    await runs.openRun(due.period, at)
    const owedMicros = owedBefore(short, due.period)
    const subscription = await subscriptions.read(accountId)
    if (!subscription) throw new Error(`account ${accountId}: a charge is due without a plan`)
    const planVersion = await versionInForce(account, subscription, due.period, at)
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
        const { charge } = decision
        const movements = [{ sequence: current.sequence + 1n, amountMicros: charge.totalMicros }]
        const documents = [
          subscriptions.putPeriod({ ...charge, accountId, status: 'charged', movements, at }),
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
          subscriptions.putPeriod({
            ...decision.charge,
            ...{ accountId, status: 'short', movements: [], shortSequence, at },
          }),
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
