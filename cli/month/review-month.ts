import type { LocalStack } from '../../local/stack.ts'
import { readTrialBalance } from '../drawdown/trial-balance.ts'
import { checkInvariants, type Invariant } from './check-invariants.ts'
import { fireSchedules } from './fire-schedules.ts'
import type { Email } from './machine.ts'
import type { PlayedMonth } from './play-month.ts'
import { readKept } from './read-kept.ts'
import { readStatement, type Statement } from './read-statement.ts'
import { sendUsage } from './send-usage.ts'
import { machineOf } from './stack-machine.ts'

export type Review = { statements: Statement[]; emails: Email[]; invariants: Invariant[] }

/** Sends everything a second time, then reads the statements through the API and holds them against what is kept. */
export async function reviewMonth(stack: LocalStack, played: PlayedMonth): Promise<Review> {
  const { accounts, callers, events } = played
  const machine = machineOf(stack)
  const accountIds = accounts.map(({ accountId }) => accountId)
  const before = await readKept(stack, accountIds)
  await sendUsage(machine, callers, events)
  await fireSchedules(stack)
  const kept = await readKept(stack, accountIds)

  const statements: Statement[] = []
  for (const account of accounts)
    statements.push(await readStatement(callers.person(account.ownerEmail), account))
  const emails = await machine.emails()
  const countOf = (books: typeof kept) => books.reduce((count, { entries }) => count + entries.length, 0)
  const invariants = checkInvariants({
    kept,
    statements,
    sentEventIds: events.map(({ id }) => id),
    paidMicros: played.paidMicros,
    warned: { short: played.short, told: emails.flatMap(warningOf) },
    entriesBeforeReplay: countOf(before),
    entriesAfterReplay: countOf(kept),
    trialBalance: await readTrialBalance(callers.staff),
  })
  return { statements, emails, invariants }
}

/** `<account id> <period>` of a warning, from its subject and its link. */
function warningOf({ subject, text }: Email): string[] {
  const period = /^Top up .* before (\d{4}-\d{2})-01$/.exec(subject)?.[1]
  const link = /https?:\/\/\S+\/top-up\?\S+/.exec(text)?.[0]
  return period && link ? [`${new URL(link).searchParams.get('account')} ${period}`] : []
}
