import { log } from '../edge/log.ts'
import type { PaymentNews, PaymentProvider } from './payment-provider.ts'
import type { ReconciledList } from './reconcile-list.store.ts'
import type { TopUpStore } from './top-up.store.ts'
import { nextStep, type TopUp, WITHDRAWN, watchOf } from './top-up.ts'

export type TopUpReconcilerOptions = {
  topUps: Pick<TopUpStore, 'read' | 'move'>
  settlement: { receive(news: PaymentNews, at: string): Promise<void> }
  provider: () => Promise<Pick<PaymentProvider, 'lookUpPayment'>>
  /** Does what is next at the provider, under the top-up's own idempotency key. */
  advance: (topUp: TopUp, now: Date) => Promise<TopUp>
  /** Whether an automatic payment that was never begun is not wanted any more. */
  isWithdrawn: (topUp: TopUp) => Promise<boolean>
}

const MINUTE_MILLISECONDS = 60_000
const WAIT_MILLISECONDS = 10 * MINUTE_MILLISECONDS
/** A payment page is open for a day, and told to be over a little later. */
const STUCK_AFTER_MILLISECONDS = 25 * 60 * MINUTE_MILLISECONDS

/** Finds out what became of top-ups whose events never came, or whose start was cut off. */
export function createTopUpReconciler(options: TopUpReconcilerOptions): ReconciledList {
  const { topUps, settlement, provider, advance, isWithdrawn } = options

  /** What the provider says of a top-up goes the very way of its events. */
  async function look(topUp: TopUp, now: Date): Promise<void> {
    const found = await (await provider()).lookUpPayment(topUp)
    if (!found.ok) return
    if ('news' in found) return settlement.receive(found.news, now.toISOString())
    if (found.status === 'not_found') return begun(topUp, now)
    if (topUp.status === 'created')
      await topUps.move(topUp, 'processing', now.toISOString(), { paymentId: found.paymentId })
  }

  /**
   * Of what the provider has never heard of, an automatic payment is begun again, unless it is not wanted any more. A manual one waits for whoever asked for
   * it, until it is too late to be begun: then it is over, because nobody was given a page to pay at, and no card is charged
   * any more. What the provider had an id for, and does not know now, is somebody's mistake, and stays for a person to see.
   */
  async function begun(topUp: TopUp, now: Date): Promise<void> {
    const { accountId, topUpId, sessionId, paymentId } = topUp
    if (topUp.status !== 'created') {
      log.error('the provider does not know a payment of its own', {
        ...{ accountId, topUpId, sessionId, paymentId },
      })
    } else if (topUp.origin === 'automatic' && (await isWithdrawn(topUp))) {
      await topUps.move(topUp, 'expired', now.toISOString(), { failureCode: WITHDRAWN })
    } else if (topUp.origin === 'automatic' || nextStep(topUp, now) === 'expire') await advance(topUp, now)
  }

  return {
    watch: 'open',
    waitMilliseconds: WAIT_MILLISECONDS,
    stuckAfterMilliseconds: STUCK_AFTER_MILLISECONDS,
    async reconcile({ accountId, id }, now) {
      const isOpen = (topUp: TopUp | undefined) => topUp !== undefined && watchOf(topUp) === 'open'
      const topUp = await topUps.read(accountId, id)
      if (topUp && isOpen(topUp)) await look(topUp, now)
      return isOpen(await topUps.read(accountId, id)) ? 'open' : 'done'
    },
  }
}
