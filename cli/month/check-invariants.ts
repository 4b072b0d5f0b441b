import { AVAILABLE, type Entry, type Head } from '../../functions/ledger/entry.ts'
import type { Lot } from '../../functions/ledger/lot.ts'
import { formatAmount, readAmount } from '../../functions/ledger/money.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import type { TrialBalance } from '../drawdown/trial-balance.ts'
import type { Statement } from './read-statement.ts'

export type Invariant = { name: string; holds: boolean; detail: string }

/** What was kept of an account, read from the database itself rather than through the API that is being checked. */
export type KeptAccount = { head: Head; lots: Lot[]; entries: Entry[] }

export type Evidence = {
  kept: KeptAccount[]
  statements: Statement[]
  /** Ids of the usage events that were sent. */
  sentEventIds: string[]
  /** What the payment provider says was paid, by account. */
  paidMicros: ReadonlyMap<string, bigint>
  /** `<account id> <period>` of those that were short five days before the first, and of those that were told so. */
  warned: { short: string[]; told: string[] }
  /** Entries of all accounts before and after everything was sent a second time. */
  entriesBeforeReplay: number
  entriesAfterReplay: number
  /** As staff read it. */
  trialBalance: TrialBalance
}

/** Every promise of the ledger that a month can show broken. */
export function checkInvariants(evidence: Evidence): Invariant[] {
  const { kept, statements } = evidence
  const entries = kept.flatMap((account) => account.entries)
  return [
    invariant(
      'chain, sequence and balances of every account prove',
      kept.flatMap((each) => proveAccount(each.head, each.entries, each.lots)),
    ),
    invariant('no line leaves less than zero', entries.filter(isBelowZero).map(nameOf)),
    invariant('every transaction, and all together, sum to zero over both sides', unbalanced(entries)),
    invariant('the trial balance sums to zero, and nobody was parked', unbalancedBooks(evidence)),
    invariant(
      'the statement shows what the ledger holds',
      kept.flatMap((each) => unlikeStatement(each, statements)),
    ),
    invariant('each usage event that was sent is decided once', undecided(evidence)),
    invariant('what the uses of a line cost adds up to the line', statements.flatMap(unlikeEvents)),
    invariant(
      'top-ups are what the payment provider took',
      kept.flatMap((each) => unlikePaid(each, evidence.paidMicros)),
    ),
    invariant('a period is charged at most once', chargedTwice(entries)),
    invariant('exactly the accounts that were short were warned', unlikeWarned(evidence)),
    invariant(
      'everything sent a second time changes nothing',
      evidence.entriesBeforeReplay === evidence.entriesAfterReplay
        ? []
        : [`${evidence.entriesBeforeReplay} entries before, ${evidence.entriesAfterReplay} after`],
    ),
  ]
}

function invariant(name: string, faults: string[]): Invariant {
  return { name, holds: faults.length === 0, detail: faults.slice(0, 5).join('; ') }
}

const nameOf = (entry: Entry) => `${entry.accountId} entry ${entry.sequence}`
const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
const isBelowZero = (entry: Entry) => entry.availableAfterMicros < 0n || entry.heldAfterMicros < 0n

function unbalanced(entries: readonly Entry[]): string[] {
  const faults = entries
    .filter(({ postings }) => sum(postings.map(({ amountMicros }) => amountMicros)) !== 0n)
    .map(nameOf)
  const total = sum(entries.flatMap(({ postings }) => postings.map(({ amountMicros }) => amountMicros)))
  return total === 0n ? faults : [...faults, `the trial balance is ${total} micros`]
}

function unbalancedBooks({ trialBalance, kept }: Evidence): string[] {
  const { sumsToZero, currencies, accountCount } = trialBalance
  const faults = sumsToZero ? [] : currencies.map(({ currency, sum }) => `${sum} ${currency}`)
  if (accountCount < kept.length) faults.push(`${accountCount} accounts of ${kept.length} are added up`)
  const parked = kept.filter(({ head }) => head.status !== 'open')
  return [...faults, ...parked.map(({ head }) => `${head.accountId} is ${head.status}`)]
}

function unlikeStatement({ head, entries }: KeptAccount, statements: readonly Statement[]): string[] {
  const statement = statements.find(({ accountId }) => accountId === head.accountId)
  if (!statement) return [`${head.accountId} has no statement`]
  const shown = statement.entries.map(
    ({ sequence, amount, balanceAfter }) => `${sequence} ${amount} ${balanceAfter}`,
  )
  const written = (micros: bigint) => formatAmount(micros, head.currency)
  const held = entries.map(
    (entry) => `${entry.sequence} ${written(entry.amountMicros)} ${written(entry.availableAfterMicros)}`,
  )
  const faults = held
    .filter((line, index) => line !== shown[index])
    .map((line) => `${head.accountId}: ${line}`)
  if (shown.length !== held.length)
    faults.push(`${head.accountId} shows ${shown.length} lines of ${held.length}`)
  if (statement.balance.available !== written(head.availableMicros))
    faults.push(`${head.accountId} shows another balance`)
  return faults
}

function undecided({ statements, sentEventIds }: Evidence): string[] {
  const counts = new Map<string, number>()
  for (const { id } of statements.flatMap(({ entries }) => entries.flatMap(({ events }) => events ?? []))) {
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  const faults = sentEventIds
    .filter((id) => counts.get(id) !== 1)
    .map((id) => `${id} ${counts.get(id) ?? 0} times`)
  if (counts.size > new Set(sentEventIds).size) faults.push('events were decided that nobody sent')
  return faults
}

function unlikeEvents({ accountId, entries }: Statement): string[] {
  return entries
    .filter(({ events }) => events)
    .filter(({ events, amount }) => {
      const cost = sum(events!.map((event) => (event.verdict === 'deducted' ? readAmount(event.amount) : 0n)))
      return -cost !== readAmount(amount)
    })
    .map(({ sequence }) => `${accountId} entry ${sequence}`)
}

function unlikePaid({ head, entries }: KeptAccount, paidMicros: ReadonlyMap<string, bigint>): string[] {
  const credited = sum(
    entries.filter(({ kind }) => kind === 'top_up').map(({ amountMicros }) => amountMicros),
  )
  const paid = paidMicros.get(head.accountId) ?? 0n
  return credited === paid ? [] : [`${head.accountId}: ${credited} micros credited, ${paid} paid`]
}

function chargedTwice(entries: readonly Entry[]): string[] {
  const seen = new Set<string>()
  return entries
    .filter(({ kind }) => kind === 'plan')
    .flatMap((entry) => {
      const charge = `${entry.accountId} ${entry.key}`
      if (seen.has(charge)) return [charge]
      seen.add(charge)
      return entry.postings.some(({ account }) => account === AVAILABLE) ? [] : [`${charge} took nothing`]
    })
}

function unlikeWarned({ warned }: Evidence): string[] {
  const short = warned.short.toSorted().join()
  const told = warned.told.toSorted().join()
  return short === told ? [] : [`short: ${short || 'none'}; warned: ${told || 'none'}`]
}
