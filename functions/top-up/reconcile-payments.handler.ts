import { isWithdrawn } from '../auto-top-up/auto-top-up.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createTopUpAdvance } from './advance-top-up.store.ts'
import { createUntoldFinder } from './find-untold.store.ts'
import { createPaymentFollowing } from './follow-payments.store.ts'
import { type ReconciledList, reconcileList } from './reconcile-list.store.ts'
import {
  decidedDisputeList,
  openDisputeList,
  openRefundList,
  sentRefundList,
} from './reconcile-others.store.ts'
import { createTopUpReconciler } from './reconcile-top-up.store.ts'
import { stripeProvider } from './stripe-provider.client.ts'
import { createWatchListStore } from './watch-list.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
  'PORTAL_URL',
)
const tables = {
  client: documentClient(),
  ledgerTable: names.LEDGER_TABLE,
  waitingTable: names.WAITING_TABLE,
  paymentsTable: names.PAYMENTS_TABLE,
}
const provider = stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL)
const following = createPaymentFollowing({ ...tables, provider })
const { ledger, topUps, refunds, autoTopUps, settlement, refundSettlement, refundNews, disputes } = following
const portalUrl = names.PORTAL_URL.replace(/\/$/, '')
const { advance } = createTopUpAdvance({ topUps, provider, portalUrl })
const findUntold = createUntoldFinder({
  provider,
  takers: { dispute: disputes.receive, refund: refundNews.receive },
})
const watchLists = createWatchListStore(tables)

/** A line for each list that is reconciled, and the capability whose it is. */
const lists: ReconciledList[] = [
  createTopUpReconciler({
    ...{ topUps, settlement, provider, advance },
    isWithdrawn: async ({ accountId }) =>
      isWithdrawn(await autoTopUps.read(accountId), await ledger.readHead(accountId)),
  }),
  openRefundList({ refunds, settlement: refundSettlement }),
  openDisputeList(disputes),
  sentRefundList({ refunds, settlement: refundSettlement }),
  decidedDisputeList(disputes),
]

/** So long for each list; a question that is under way then may take half a minute more. */
const LONGEST_MILLISECONDS = 60_000
const LONGEST_UNTOLD_MILLISECONDS = 30_000

export const handler = scheduleHandler(async (now) => {
  for (const list of lists) {
    const end = performance.now() + LONGEST_MILLISECONDS
    const counts = await reconcileList(list, watchLists, { now, mayGoOn: () => performance.now() < end })
    log.info('asked the provider about payments', { watch: list.watch, counts })
  }
  const end = performance.now() + LONGEST_UNTOLD_MILLISECONDS
  const lookedAt = await findUntold({ now, mayGoOn: () => performance.now() < end })
  log.info('asked the provider what began there', { lookedAt })
})
