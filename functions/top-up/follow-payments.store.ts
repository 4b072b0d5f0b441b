import { createAutoTopUpStore } from '../auto-top-up/auto-top-up.store.ts'
import { createCardStore } from '../cards/cards.store.ts'
import { createCardKeeper } from '../cards/keep-card.store.ts'
import { createDisputeStore } from '../disputes/dispute.store.ts'
import { createDisputeFollowing } from '../disputes/follow-dispute.store.ts'
import { createLedger, type LedgerOptions } from '../ledger/ledger.store.ts'
import { createRefundNews } from '../refunds/receive-refund.store.ts'
import { createRefundStore } from '../refunds/refund.store.ts'
import { createRefundSettlement } from '../refunds/settle-refund.store.ts'
import type { PaymentProvider } from './payment-provider.ts'
import { createTopUpSettlement } from './settle-top-up.store.ts'
import { createTopUpStore } from './top-up.store.ts'

export type PaymentFollowingOptions = LedgerOptions & {
  paymentsTable: string
  /** Asked for only when the provider is to be called. */
  provider: () => Promise<PaymentProvider>
}

/**
 * What becomes of payments when the provider has something to tell: the same whether its signed event brings the news or the
 * schedule that asks.
 */
export function createPaymentFollowing(options: PaymentFollowingOptions) {
  const { provider } = options
  const ledger = createLedger(options)
  const topUps = createTopUpStore(options)
  const refunds = createRefundStore(options)
  const autoTopUps = createAutoTopUpStore(options)
  const cardKeeper = createCardKeeper({ cards: createCardStore(options), provider })
  const settlement = createTopUpSettlement({ topUps, cards: cardKeeper, ledger })
  const refundSettlement = createRefundSettlement({ refunds, topUps, ledger, provider })
  const refundNews = createRefundNews({
    ...{ refunds, topUps, ledger, provider },
    topUpSettlement: settlement,
    settlement: refundSettlement,
  })
  const disputes = createDisputeFollowing({
    disputes: createDisputeStore(options),
    ...{ topUps, ledger, settlement, provider },
    switchOffAutoTopUp: autoTopUps.offForDispute,
  })
  return {
    ...{ ledger, topUps, refunds, autoTopUps },
    ...{ cardKeeper, settlement, refundSettlement, refundNews, disputes },
  }
}
