import { createAutoTopUpStore } from '../auto-top-up/auto-top-up.store.ts'
import { createLedger, type LedgerOptions } from '../ledger/ledger.store.ts'
import { createTopUpStore } from '../top-up/top-up.store.ts'
import { createRefundBeginning } from './begin-refund.store.ts'
import { createRefundApproval, createRefundRejection } from './decide-refund.store.ts'
import { createRefundStore } from './refund.store.ts'
import { createRefundRequests } from './request-refund.store.ts'
import { createRefundSettlement, type RefundSettlementOptions } from './settle-refund.store.ts'

export type RefundingOptions = LedgerOptions & {
  paymentsTable: string
  provider: RefundSettlementOptions['provider']
}

/** What staff do with refunds, and what that works on. */
export function createRefunding(options: RefundingOptions) {
  const stores = {
    refunds: createRefundStore(options),
    topUps: createTopUpStore(options),
    ledger: createLedger(options),
  }
  const autoTopUps = createAutoTopUpStore(options)
  const settlement = createRefundSettlement({ ...stores, provider: options.provider })
  const beginning = createRefundBeginning({ ...stores, settlement, autoTopUps })
  return {
    ...stores,
    autoTopUps,
    reconcile: settlement.reconcileRefund,
    request: createRefundRequests({ ...stores, beginning, settlement }).request,
    approve: createRefundApproval({ ...stores, beginning, settlement }),
    reject: createRefundRejection(stores),
  }
}
