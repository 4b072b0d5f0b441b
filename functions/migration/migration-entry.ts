import type { LocalDay } from '../accounts/local-day.ts'
import { requestHash } from '../edge/request-id.ts'
import { credit, type MovementDecision } from '../ledger/decide-movement.ts'
import type { Entry, Head } from '../ledger/entry.ts'
import type { MigrationCredit } from './decide-migration-credit.ts'
import { describeDays } from './describe-days.ts'
import { type LineRefusal, type MigrationLine, refuseLine } from './migration-line.ts'

/** A line that gives credit, with what it gives. */
export type CreditedLine = { asked: MigrationLine; credit: MigrationCredit; cutOver: LocalDay }

/** Permanent, and under its account: one payment is credited once, whatever file names it, for whichever cut-over. */
export function migrationKey({ asked }: Pick<CreditedLine, 'asked'>): string {
  return `migration:${asked.reference}`
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
  cutOver: LocalDay
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
  return refuseOther(
    { ...first.asked, ...first.credit, cutOver: first.cutOver },
    line,
    'a line above has this reference',
  )
}

type Before = {
  cutOver: LocalDay
  amountMicros: bigint
  currency: string
  paidFrom: LocalDay
  paidThrough: LocalDay
  arithmetic: string
}

function refuseOther(
  before: Before,
  { asked, credit: now, cutOver }: CreditedLine,
  what: string,
): LineRefusal {
  const column =
    before.amountMicros !== asked.amountMicros
      ? 'amount'
      : before.currency !== asked.currency
        ? 'currency'
        : before.paidThrough !== now.paidThrough
          ? 'paid_through'
          : before.paidFrom !== now.paidFrom
            ? 'paid_from'
            : 'reference'
  const days = `paid ${describeDays(before.paidFrom, before.paidThrough)}`
  const hint = asked.reference === '' ? '; give each payment of an account a reference of its own' : ''
  const when = before.cutOver === cutOver ? '' : ` for the cut-over on ${describeDays(before.cutOver)}`
  return refuseLine('reference_reused', column, `${what}${when}: ${before.arithmetic}, ${days}${hint}`)
}
