import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import type { Cards } from '../cards/cards.ts'
import { Problem } from '../edge/problem.ts'
import type { LedgerReader } from '../ledger/ledger-reader.store.ts'
import { createOutlook } from '../plans/outlook.store.ts'
import { owedIn } from '../plans/period-document.ts'
import { createSubscriptionStore } from '../plans/subscription.store.ts'
import { createRingFenceStore } from '../ring-fence/ring-fence.store.ts'
import type { TopUpStore } from '../top-up/top-up.store.ts'
import type { TopUp } from '../top-up/top-up.ts'
import type { AutoTopUp } from './auto-top-up.ts'
import type { StepSeen } from './decide-step.ts'

/** What a check was asked to look at besides the account: each says only where to look, never what is there. */
export type Told = {
  /** A payment of which there is news. */
  topUpId?: string
  /** A month of the plan that the credit will not cover, as the client was told. */
  period?: string
}

export type SituationOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  waitingTable: string
  documentsTable: string
  topUps: TopUpStore
  cards: { read(accountId: string): Promise<Cards> }
  ledger: Pick<LedgerReader, 'readHead'>
  terms: { require(account: Account, now: Date): Promise<string | undefined> }
}

export type Situation = StepSeen & { termsVersion?: string }

/** Payments of people that are older than this, and still open, are not waited for any more. */
const PENDING_MILLISECONDS = 3_600_000
const MOST_PENDING = 100

/** A busy account's HEAD moves between two reads of it, but not so often in a row. */
const TRIES = 20

/** Reads all that a step is decided by, as it is now. */
export function createSituation(options: SituationOptions) {
  const { topUps, cards, ledger, terms } = options
  const subscriptions = createSubscriptionStore(options)
  const ringFences = createRingFenceStore(options)
  const outlooks = createOutlook(options)

  async function read(account: Account, document: AutoTopUp, told: Told, now: Date): Promise<Situation> {
    const { accountId } = account
    const inFlightId = document.inFlight?.topUpId
    const toldId = told.topUpId === inFlightId ? undefined : told.topUpId
    const [cardsNow, inFlight, toldTopUp, pendingMicros, gate] = await Promise.all([
      cards.read(accountId),
      inFlightId === undefined ? undefined : topUps.read(accountId, inFlightId),
      toldId === undefined ? undefined : topUps.read(accountId, toldId),
      readPending(accountId, now),
      askTerms(account, now),
    ])
    if (inFlightId && !inFlight) throw new Error(`top-up ${inFlightId} is in flight and not there`)
    // After the payments, so that one that is seen as settled is in the credit.
    const { head, owedShortfallMicros } = await readOwedShortfall(accountId)
    const warnedShortfallMicros =
      told.period === undefined ? 0n : await readWarnedShortfall(account, told.period, now)
    const shortfallMicros =
      warnedShortfallMicros > owedShortfallMicros ? warnedShortfallMicros : owedShortfallMicros
    return {
      now: now.toISOString(),
      account,
      head,
      cards: cardsNow,
      inFlight,
      told: toldTopUp,
      pendingMicros,
      shortfallMicros,
      ...gate,
    }
  }

  /**
   * The credit, and what months that are owed lack of it, of one moment: what pays a month, or moves what is set aside, moves
   * HEAD with it. A month that was paid while it was read would be charged to the card once more.
   */
  async function readOwedShortfall(accountId: string) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const head = await ledger.readHead(accountId)
      if (!head) throw new Error(`account ${accountId} has no ledger`)
      const [short, ringFence] = await Promise.all([
        subscriptions.listShort(accountId),
        ringFences.read(accountId),
      ])
      const owedMicros = owedIn(short)
      if (owedMicros === 0n) return { head, owedShortfallMicros: 0n }
      const creditMicros = head.availableMicros + ringFence.heldMicros
      const now = await ledger.readHead(accountId)
      if (now?.revision === head.revision)
        return { head, owedShortfallMicros: owedMicros > creditMicros ? owedMicros - creditMicros : 0n }
    }
    throw new Error(`account ${accountId}: its credit kept moving while it was read`)
  }

  /**
   * What the month will lack if usage goes on at its pace, as the client was told: the card is tried while there is time to
   * warn of a charge that fails, and what is topped up is not eaten before the first.
   */
  async function readWarnedShortfall(account: Account, period: string, now: Date): Promise<bigint> {
    const { month } = await outlooks.readOf(account, period, now)
    if (!month || month.projectedShortfallMicros === 0n) return 0n
    // Had the month been charged while it was read, its charge would seem to be missing.
    const due = await subscriptions.readDue(account.accountId, 'charge')
    // What a payment pays first is counted as missing beside it.
    return due && due.period <= period ? month.projectedShortfallMicros - month.receivableMicros : 0n
  }

  /** What people are paying with a saved card right now. One of a moment ago may still be missing. */
  async function readPending(accountId: string, now: Date): Promise<bigint> {
    const since = new Date(now.getTime() - PENDING_MILLISECONDS).toISOString()
    const newest = await topUps.list(accountId, { limit: MOST_PENDING })
    return newest
      .filter((topUp) => topUp.createdAt > since && isPendingByHand(topUp))
      .reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  }

  async function askTerms(account: Account, now: Date) {
    try {
      return { isTermsAccepted: true, termsVersion: await terms.require(account, now) }
    } catch (error) {
      if (error instanceof Problem && error.code === 'terms_required') return { isTermsAccepted: false }
      throw error
    }
  }

  return { read }
}

function isPendingByHand({ origin, method, status }: TopUp): boolean {
  return origin === 'manual' && method === 'saved_card' && (status === 'created' || status === 'processing')
}
