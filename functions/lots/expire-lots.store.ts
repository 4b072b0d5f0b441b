import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { lastDayBefore } from '../accounts/local-day.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import type { EventDetail, PutEvents } from '../events/event.ts'
import { hasExpired } from '../ledger/credit-at.ts'
import { createLedger, type LedgerOptions } from '../ledger/ledger.store.ts'
import { sumOfLots } from '../ledger/lot.ts'
import { money } from '../ledger/money.ts'
import { createExpiryStore, type Expiry } from './expiry.store.ts'
import { EXPIRY, stepAfter, stepAt } from './expiry-steps.ts'

export type ExpiryDone = { expiresAt: string; result: 'told' | 'nothing_left' | 'expired' | 'moved' }
type Step = ExpiryDone | 'again' | 'waits'

/** So many lost races, or instants of one account at once: more is no work, but a loop. */
const MOST_ROUNDS = 20

/**
 * Tells of credit that will expire and takes what has expired. What is told is what is left at that moment, all lots of
 * an instant together. The event goes out before the step is written down: a run that dies between the two tells it again
 * under the same id, which whoever acts on it has seen. Expired credit is taken by the ledger, which takes nothing twice.
 */
export function createLotExpiry(options: LedgerOptions & { documentsTable: string; put: PutEvents }) {
  const { client } = options
  const ledger = createLedger(options)
  const accounts = createAccountStore(options)
  const expiries = createExpiryStore(options)

  /** Does what is due of an account by then. A parked account waits; a closed one is watched no more. */
  async function workOff(accountId: string, now: Date): Promise<ExpiryDone[]> {
    const at = now.toISOString()
    const done: ExpiryDone[] = []
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const account = await accounts.read(accountId)
      if (!account) throw new Error(`account ${accountId} has credit that expires and no profile`)
      const steps: Step[] = []
      for (const expiry of await expiries.listDue(accountId, at))
        steps.push(await takeStep(account, expiry, at))
      done.push(...steps.filter((step) => typeof step !== 'string'))
      if (!steps.includes('again')) return done
    }
    throw new Error(`account ${accountId}: its expiries do not come to an end`)
  }

  async function takeStep(account: Account, expiry: Expiry, at: string): Promise<Step> {
    const { accountId, timeZone } = account
    const { expiresAt } = expiry
    const status = (await ledger.readHead(accountId))?.status
    if (status === 'closed') return write(expiries.end(expiry), { expiresAt, result: 'nothing_left' })
    if (status !== 'open') return 'waits'
    const step = stepAt(at, expiresAt, timeZone)
    if (step?.daysBefore === EXPIRY) return expireAll(expiry, at)
    const onwards = expiries.moveOn(expiry, stepAfter(at, expiresAt, timeZone))
    // The account has moved to a time zone in which the day has not come yet.
    if (!step || step.daysBefore > expiry.daysBefore) return write(onwards, { expiresAt, result: 'moved' })
    const leftMicros = await readLeft(accountId, expiresAt)
    if (leftMicros === 0n) return write(onwards, { expiresAt, result: 'nothing_left' })
    const detail = describeExpiring(account, { expiresAt, daysBefore: step.daysBefore, leftMicros, at })
    await options.put([{ detailType: 'credit.expiring', detail }])
    return write(onwards, { expiresAt, result: 'told' })
  }

  async function expireAll(expiry: Expiry, at: string): Promise<Step> {
    const { accountId, expiresAt } = expiry
    await ledger.expireLots(accountId, at)
    const left = await ledger.readLots(accountId, { isWanted: (lot) => hasExpired(lot, at) })
    // Parked since, or given back since.
    if (!left || left.lots.length > 0) return left?.head.status === 'open' ? 'again' : 'waits'
    return write(expiries.end(expiry), { expiresAt, result: 'expired' })
  }

  async function readLeft(accountId: string, expiresAt: string): Promise<bigint> {
    const read = await ledger.readLots(accountId, {
      isWanted: (lot) => hasExpired(lot, expiresAt),
    })
    return sumOfLots((read?.lots ?? []).filter((lot) => lot.expiresAt === expiresAt))
  }

  async function write(item: WriteItem, done: ExpiryDone): Promise<Step> {
    const written = await writeTogether(client, [item])
    if (written.ok) return done
    if (written.reason === 'busy') throw new Error(`what expires at ${done.expiresAt}: too busy`)
    return 'again'
  }

  return { workOff }
}

function describeExpiring(
  { accountId, currency, timeZone }: Account,
  told: { expiresAt: string; daysBefore: number; leftMicros: bigint; at: string },
): EventDetail<'credit.expiring'> {
  const { expiresAt, daysBefore, leftMicros, at } = told
  return {
    id: `${accountId}/credit.expiring/${expiresAt}/${daysBefore}`,
    accountId,
    at,
    amount: money(leftMicros, currency),
    expiresAt,
    lastDay: lastDayBefore(expiresAt, timeZone),
    daysBefore,
  }
}
