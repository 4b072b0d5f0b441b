import { createAutoTopUpStore } from '../auto-top-up/auto-top-up.store.ts'
import { isWithdrawn } from '../auto-top-up/auto-top-up.ts'
import { createCardStore } from '../cards/cards.store.ts'
import { createCardKeeper } from '../cards/keep-card.store.ts'
import { createDisputeStore } from '../disputes/dispute.store.ts'
import { createDisputeFollowing } from '../disputes/follow-dispute.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createRefundNews } from '../refunds/receive-refund.store.ts'
import { createRefundStore } from '../refunds/refund.store.ts'
import { createRefundSettlement } from '../refunds/settle-refund.store.ts'
import { createTopUpAdvance } from './advance-top-up.store.ts'
import { createUntoldFinder } from './find-untold.store.ts'
import { type ReconciledList, reconcileList } from './reconcile-list.store.ts'
import { disputeList, refundList } from './reconcile-others.store.ts'
import { createTopUpReconciler } from './reconcile-top-up.store.ts'
import { createTopUpSettlement } from './settle-top-up.store.ts'
import { stripeProvider } from './stripe-provider.client.ts'
import { createTopUpStore } from './top-up.store.ts'
import { createWatchListStore } from './watch-list.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
  'PORTAL_URL',
)
const client = documentClient()
const payments = { client, paymentsTable: names.PAYMENTS_TABLE }
const ledger = createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE })
const topUps = createTopUpStore(payments)
const provider = stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL)
const cards = createCardKeeper({ cards: createCardStore(payments), provider })
const settlement = createTopUpSettlement({ topUps, cards, ledger })
const portalUrl = names.PORTAL_URL.replace(/\/$/, '')
const { advance } = createTopUpAdvance({ topUps, provider, portalUrl })
const autoTopUps = createAutoTopUpStore(payments)
const refunds = createRefundStore(payments)
const refundSettlement = createRefundSettlement({ refunds, topUps, ledger, provider })
const disputes = createDisputeFollowing({
  disputes: createDisputeStore(payments),
  topUps,
  ledger,
  settlement,
  provider,
  switchOffAutoTopUp: autoTopUps.offForDispute,
})
const refundNews = createRefundNews({
  ...{ refunds, topUps, ledger, provider },
  topUpSettlement: settlement,
  settlement: refundSettlement,
})
const findUntold = createUntoldFinder({
  provider,
  takers: { dispute: disputes.receive, refund: refundNews.receive },
})
const watchLists = createWatchListStore(payments)

/** A line for each list that is reconciled, and the capability whose it is. */
const lists: ReconciledList[] = [
  createTopUpReconciler({
    ...{ topUps, settlement, provider, advance },
    isWithdrawn: async ({ accountId }) =>
      isWithdrawn(await autoTopUps.read(accountId), await ledger.readHead(accountId)),
  }),
  refundList({ refunds, settlement: refundSettlement }),
  disputeList(disputes),
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
