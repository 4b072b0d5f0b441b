import { parseAmount } from '../../functions/ledger/money.ts'
import type { CallUsageEvent } from '../call-records/to-usage-events.ts'
import { type Callers, callersOf, type Email, type Machine } from './machine.ts'
import { sendUsage } from './send-usage.ts'
import { joinAsOwner, type OpenedAccount, openAccounts, publishTerms, setUpCatalogue } from './set-up.ts'
import { type Milestone, milestonesOf } from './timeline.ts'
import { topUp } from './top-up.ts'

export type Story = {
  machine: Machine
  rateDeckCsv: string
  /** When terms, prices and plans begin to hold: not after the first call. */
  effectiveFrom: string
  termsVersion: string
  /** When calls were made: each month that they touch is played. */
  instants: string[]
  /** The calls, once it is known which accounts there are. */
  eventsOf: (accounts: readonly OpenedAccount[]) => CallUsageEvent[]
  log: (line: string) => void
}

export type PlayedMonth = {
  accounts: OpenedAccount[]
  callers: Callers
  events: CallUsageEvent[]
  /** What was paid on the provider's page, by account. */
  paidMicros: Map<string, bigint>
  /** `<account id> <period>` of those whose credit, five days before the first, was not expected to suffice for it. */
  short: string[]
}

/**
 * Plays one or more months through the public API: the catalogue, three accounts, terms, top-ups, every call deducted
 * before the next milestone, the warning five days before each first, and the first itself. Played again on the same
 * machine it changes nothing, because every request names what it wants done once.
 */
export async function playMonth(story: Story): Promise<PlayedMonth> {
  const { machine, log } = story
  const callers = callersOf(machine)
  log('catalogue: a rate deck, the price of a call, three plans')
  await setUpCatalogue(callers, story.rateDeckCsv, story.effectiveFrom)
  await publishTerms(callers, story.termsVersion, story.effectiveFrom)
  const accounts = await openAccounts(callers)
  const events = story.eventsOf(accounts).toSorted((one, other) => (one.time < other.time ? -1 : 1))
  const played: PlayedMonth = { accounts, callers, events, paidMicros: new Map(), short: [] }
  for (const account of accounts) {
    log(`${account.name}: terms accepted, plan chosen, topped up by ${account.firstTopUp}`)
    await joinAsOwner(callers, account, story.termsVersion)
    await pay(story, played, account, account.firstTopUp, 'sample-first-top-up')
  }

  let sent = 0
  for (const milestone of milestonesOf(story.instants)) {
    const before = milestone.at.toISOString()
    const due = events.slice(sent).filter(({ time }) => time < before)
    if (due.length > 0) await importCalls(story, callers, due, milestone)
    sent += due.length
    log(
      `clock: ${before.slice(0, 10)} ${milestone.kind === 'warning' ? `(five days before ${milestone.period})` : '(the first)'}`,
    )
    await machine.advanceTo(milestone.at)
    if (milestone.kind === 'warning') await noteShort(played, milestone)
    await answerMilestone(story, played, milestone)
  }
  return played
}

async function pay(story: Story, played: PlayedMonth, account: OpenedAccount, amount: string, key: string) {
  const paid = await topUp(story.machine, played.callers, account, amount, key)
  played.paidMicros.set(account.accountId, (played.paidMicros.get(account.accountId) ?? 0n) + paid)
}

async function noteShort({ accounts, callers, short }: PlayedMonth, { period }: Milestone): Promise<void> {
  for (const { accountId, ownerEmail } of accounts) {
    const { outlook } = await callers
      .person(ownerEmail)
      .get<{ outlook: { projectedShortfall: { amount: string } } }>(
        `/v1/accounts/${accountId}/upcoming-charge`,
      )
    if (parseAmount(outlook.projectedShortfall.amount) !== 0n) short.push(`${accountId} ${period}`)
  }
}

/** Time passes until the last of the calls has ended, but not beyond the milestone, which a long call may last past. */
async function importCalls(
  story: Story,
  callers: Callers,
  due: CallUsageEvent[],
  milestone: Milestone,
): Promise<void> {
  const last = due.at(-1)!
  const ended = Date.parse(last.time) + last.data.seconds * 1000
  await story.machine.advanceTo(new Date(Math.min(ended, milestone.at.getTime())))
  await sendUsage(story.machine, callers, due)
  story.log(`calls: ${due.length} sent and decided, up to ${last.time}`)
}

const MAIL_FRESH_HOURS = 36

/** What the clients do: one tops up exactly what its warning named; after the first, whoever was short tops up what it owes. */
async function answerMilestone(story: Story, played: PlayedMonth, milestone: Milestone): Promise<void> {
  const since = new Date(milestone.at.getTime() - MAIL_FRESH_HOURS * 3_600_000).toISOString()
  for (const account of played.accounts) {
    if (milestone.kind === 'warning' && account.whenWarned !== 'tops_up_in_time') continue
    const amount = amountAsked(await story.machine.emails(), account, since)
    if (!amount) continue
    story.log(`${account.name}: tops up ${amount}, as it was asked to by e-mail`)
    await pay(story, played, account, amount, `sample-${milestone.kind}-${milestone.period}`)
  }
}

/** The amount in the newest top-up link that an account's owner was sent lately, as its reader would follow it. */
function amountAsked(emails: readonly Email[], account: OpenedAccount, since: string): string | undefined {
  const amounts = emails
    .filter(({ to, at }) => to.includes(account.ownerEmail) && at >= since)
    .toSorted((one, other) => (one.at < other.at ? -1 : 1))
    .map(({ text }) => /https?:\/\/\S+\/top-up\?\S+/.exec(text)?.[0])
    .map((link) => link && new URL(link).searchParams.get('amount'))
  return amounts.findLast((amount) => amount) ?? undefined
}
