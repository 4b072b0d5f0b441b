import type { Account } from '../accounts/account.ts'
import { refuseStatus } from '../accounts/refuse.ts'
import { Problem } from '../edge/problem.ts'
import type { Head } from '../ledger/entry.ts'
import { money } from '../ledger/money.ts'
import type { createStatusStore } from '../ledger/status.store.ts'

/**
 * Closes an account for one of its own, by the rules that hold for staff too: it has to be without credit. Throws
 * `account_not_empty` with what is there and how it gets out, or `busy`.
 */
export async function closeOwnAccount(
  statuses: Pick<ReturnType<typeof createStatusStore>, 'change'>,
  { accountId, currency }: Pick<Account, 'accountId' | 'currency'>,
  { at, actor, reason }: { at: string; actor: string; reason: string },
): Promise<Head> {
  const closed = await statuses.change({ accountId, status: 'closed', at, actor, reason })
  if (closed.ok) return closed.head
  const refusal = refuseStatus(closed, currency)
  if (refusal.code !== 'account_not_empty') throw refusal
  throw new Problem('account_not_empty', `${refusal.detail} ${HOW_IT_GETS_OUT}`, { extra: refusal.extra })
}

const HOW_IT_GETS_OUT =
  'What you paid and have not used goes back to the card that paid it: write to us, and we refund it. Credit that was given can be used up, or we take it off when you ask. What is held for the plan is available again once the ring-fence is off, and what a session holds when it ends.'

/** What becomes of what was there, for people. */
export function stateRemaining({ receivableMicros, currency }: Head): string {
  const owed =
    receivableMicros > 0n
      ? ` ${money(receivableMicros, currency).amount} ${currency} are owed for payments that were taken back, and stay owed.`
      : ' Nothing is owed.'
  return `The account had no credit left when it was closed: nothing lapses, and nothing is paid out.${owed} Nothing moves on it any more; its statement can be read for a year, and its books are kept as the law asks.`
}
