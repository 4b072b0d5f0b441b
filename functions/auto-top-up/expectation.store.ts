import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { dayOf } from '../accounts/local-day.ts'
import { createCardStore } from '../cards/cards.store.ts'
import { defaultCard, isExpired } from '../cards/cards.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { createTopUpStore } from '../top-up/top-up.store.ts'
import { createAutoTopUpStore } from './auto-top-up.store.ts'
import { type AutoTopUp, inMonthOf } from './auto-top-up.ts'
import type { AutoTopUpSeen } from './decide-auto-top-up.ts'

/** All that is known of an account's automatic top-up before its credit is read. */
export type AutoTopUpAhead = Omit<AutoTopUpSeen, 'head' | 'shortfallMicros'>

/** Reads what says whether automatic top-up will close a gap; it charges nothing. */
export function createTopUpExpectation(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  paymentsTable: string
}) {
  const autoTopUps = createAutoTopUpStore(options)
  const topUps = createTopUpStore(options)
  const cards = createCardStore(options)
  const terms = createTermsGate(options)

  /** Undefined where it is not on. To be asked before the credit is read, so that a payment that settles is seen once at least. */
  async function read(account: Account, now: Date): Promise<AutoTopUpAhead | undefined> {
    const { accountId, timeZone } = account
    const document = await autoTopUps.read(accountId)
    if (document?.status !== 'on') return undefined
    const [kept, waiting, pendingMicros] = await Promise.all([
      cards.read(accountId),
      terms.waiting(account, now),
      readPending(document),
    ])
    const card = defaultCard(kept)
    const at = now.toISOString()
    return {
      document: inMonthOf(document, at, timeZone),
      now: at,
      pendingMicros,
      isTermsAccepted: !waiting.some(({ closed }) => closed),
      card: card && !isExpired(card, dayOf(at, timeZone)) ? card : undefined,
    }
  }

  /** What the payment under way brings, if it comes to anything. */
  async function readPending({ accountId, inFlight }: AutoTopUp): Promise<bigint> {
    const topUp = inFlight && (await topUps.read(accountId, inFlight.topUpId))
    return topUp?.status === 'created' || topUp?.status === 'processing' ? topUp.amountMicros : 0n
  }

  return { read }
}
