import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import type { Period } from '../accounts/billing-period.ts'
import { retryDelayMilliseconds, sleep } from '../edge/retry-delay.ts'
import type { SegmentClock } from './charge-segment.store.ts'
import { addJudgements, type ClosingScan, type Judgement } from './closing-scan.ts'
import { judgeAccount } from './judge-account.ts'
import { createScanStore } from './scan.store.ts'
import { createAccountSight, type SeeAccountsOptions } from './see-accounts.store.ts'

export type Scanned =
  | { result: 'done'; scan: ClosingScan }
  | { result: 'unfinished' | 'given_way' | 'done_before' }

const PAGE_ACCOUNTS = 100
/** What looks wrong is looked at again: the reads are not of one moment, and accounts go on meanwhile. */
const MOST_LOOKS = 3
const DELAYS = { firstMilliseconds: 200, longestMilliseconds: 1000 }

/**
 * Looks over all accounts, newest first, and proves that a month was charged to each exactly once, or that the account says
 * why not. It writes down how far it has come after each page, on the condition of what it has read: of two workers one goes
 * on. It is begun by the hourly look.
 */
export function createClosingScan(
  options: SeeAccountsOptions & {
    pageAccounts?: number
    sleep?: (milliseconds: number) => Promise<void>
  },
) {
  const { pageAccounts = PAGE_ACCOUNTS, sleep: pause = sleep } = options
  const accounts = createAccountStore(options)
  const scans = createScanStore(options)
  const sight = createAccountSight(options)

  /** Goes on where the scan has come to. */
  async function work(period: Period, clock: SegmentClock): Promise<Scanned> {
    let scan = await scans.read(period)
    if (scan?.status !== 'running') return { result: 'done_before' }
    for (;;) {
      if (!clock.isTimeLeft()) return { result: 'unfinished' }
      const page = await accounts.listAll({ limit: pageAccounts, after: scan.after })
      const judgements = await judge(period, page)
      const last = page.length < pageAccounts ? undefined : page.at(-1)
      const after = last && { createdAt: last.createdAt, accountId: last.accountId }
      const next: ClosingScan = addJudgements(scan, judgements, after, clock.now().toISOString())
      const written = await scans.write(scan, next)
      if (!written) return { result: 'given_way' }
      if (written.status === 'done') return { result: 'done', scan: written }
      scan = written
    }
  }

  async function judge(period: Period, page: readonly Account[]): Promise<Judgement[]> {
    const judged = new Map<string, Judgement>()
    let suspects = page
    for (let look = 1; look <= MOST_LOOKS && suspects.length > 0; look++) {
      if (look > 1) await pause(retryDelayMilliseconds(look, DELAYS, () => 1))
      const seen = await sight.see(period, suspects)
      for (const judgement of seen.map(judgeAccount)) judged.set(judgement.accountId, judgement)
      suspects = suspects.filter(({ accountId }) => judged.get(accountId)!.findings.length > 0)
    }
    return [...judged.values()]
  }

  return { work }
}
