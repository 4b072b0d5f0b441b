import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import { createCardStore } from '../cards/cards.store.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { createTopUpAdvance, type TopUpAdvanceOptions } from '../top-up/advance-top-up.store.ts'
import { createTopUpStore } from '../top-up/top-up.store.ts'
import { createAutoTopUpStore } from './auto-top-up.store.ts'
import type { AutoTopUpOptions } from './check-auto-top-up.store.ts'

export type AutoTopUpPlaces = Pick<TopUpAdvanceOptions, 'provider' | 'portalUrl'> &
  Pick<AutoTopUpOptions, 'checkLater'> & {
    client: DynamoDBDocumentClient
    ledgerTable: string
    waitingTable: string
    documentsTable: string
    paymentsTable: string
  }

/** All that automatic top-up is done with, from where things are. */
export function autoTopUpOptions(places: AutoTopUpPlaces): AutoTopUpOptions {
  const topUps = createTopUpStore(places)
  return {
    ...places,
    topUps,
    accounts: createAccountStore(places),
    autoTopUps: createAutoTopUpStore(places),
    cards: createCardStore(places),
    ledger: createLedgerReader(places),
    terms: createTermsGate(places),
    advance: createTopUpAdvance({ ...places, topUps }).advance,
  }
}
