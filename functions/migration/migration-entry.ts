import type { LocalDay } from '../accounts/local-day.ts'
import { requestHash } from '../edge/request-id.ts'
import { credit, type MovementDecision } from '../ledger/decide-movement.ts'
import type { Entry, Head } from '../ledger/entry.ts'
import type { MigrationCredit } from './decide-migration-credit.ts'
import { describeDays } from './describe-days.ts'
import { type LineRefusal, type MigrationLine, refuseLine } from './migration-line.ts'

/** A line that gives credit, with what it gives. */
export type CreditedLine = { asked: MigrationLine; credit: MigrationCredit; cutOver: LocalDay }

/** Permanent, and under its account: one payment of an account is credited once per cut-over, whatever file names it. */
export function migrationKey({ asked, cutOver }: Pick<CreditedLine, 'asked' | 'cutOver'>): string {
  return `migration:${cutOver}:${asked.reference}`
}

/** The same line is the same request, whether it names the first paid day or leaves it to the rule. */
export function migrationHash({ asked, credit: { paidFrom, paidThrough }, cutOver }: CreditedLine): string {
  const { amountMicros, currency, reference } = asked
  return requestHash({ migration: cutOver, reference, amountMicros, currency, paidFrom, paidThrough })
}

/** The line of the statement: it says in words and in its detail how the amount came about. */
export function decideMigrationEntry(
  head: Head,
  { asked, credit: given, cutOver }: CreditedLine,
  by: { actor: string; termsVersion?: string },
): MovementDecision {
  const { creditMicros, arithmetic, paidFrom, paidThrough, daysPaid, creditedFrom, daysCredited } = given
  const { amountMicros, currency, reference } = asked
  const of = reference === '' ? '' : `, ${reference}`
  return credit(head, {
    kind: 'credit',
    contra: 'credit:migration',
    amountMicros: creditMicros,
    currency,
    reason: `Paid before the change of billing on ${describeDays(cutOver)}${of}: ${arithmetic}`,
    ...by,
    detail: {
      creditKind: 'migration',
      cutOver,
      ...(reference !== '' && { reference }),
      paidMicros: String(amountMicros),
      ...{ paidFrom, paidThrough, daysPaid, creditedFrom, daysCredited, arithmetic },
    },
  })
}

type MigrationDetail = Pick<MigrationCredit, 'paidFrom' | 'paidThrough' | 'arithmetic'> & {
  paidMicros: string
}

/** The account's reference was credited before, as an entry that says something else. */
export function refuseReused(entry: Entry, line: CreditedLine): LineRefusal {
  const given = JSON.parse(entry.detail) as MigrationDetail
  const before = { ...given, amountMicros: BigInt(given.paidMicros), currency: entry.currency }
  return refuseOther(before, line, `transaction ${entry.sequence} has credited this reference`)
}

/** A line above in the same request has the reference, and says something else. */
export function refuseRepeated(first: CreditedLine, line: CreditedLine): LineRefusal {
  return refuseOther({ ...first.asked, ...first.credit }, line, 'a line above has this reference')
}

type Before = {
  amountMicros: bigint
  currency: string
  paidFrom: LocalDay
  paidThrough: LocalDay
  arithmetic: string
}

function refuseOther(before: Before, { asked, credit: now }: CreditedLine, what: string): LineRefusal {
  const column =
    before.amountMicros !== asked.amountMicros
      ? 'amount'
      : before.currency !== asked.currency
        ? 'currency'
        : before.paidThrough !== now.paidThrough
          ? 'paid_through'
          : 'paid_from'
  const days = `paid ${describeDays(before.paidFrom, before.paidThrough)}`
  const hint = asked.reference === '' ? '; give each payment of an account a reference of its own' : ''
  return refuseLine('reference_reused', column, `${what}: ${before.arithmetic}, ${days}${hint}`)
}
