import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import type { WriteItem } from '../edge/write-together.ts'
import type { AccountUnavailable } from '../ledger/decide-movement.ts'
import { giveBack, takeBack } from '../ledger/decide-payment.ts'
import type { Head } from '../ledger/entry.ts'
import type { Ledger } from '../ledger/ledger.store.ts'
import type { Posting } from '../ledger/posting-transaction.store.ts'
import type {
  PaymentNews,
  PaymentOwner,
  PaymentProvider,
  ProviderDispute,
} from '../top-up/payment-provider.ts'
import type { TopUpStore } from '../top-up/top-up.store.ts'
import type { TopUp } from '../top-up/top-up.ts'
import { decideDispute } from './decide-dispute.ts'
import type { DisputeStore } from './dispute.store.ts'
import {
  type Dispute,
  type DisputeStatus,
  isFinal,
  isTaken,
  isWithBank,
  type Mismatch,
  newDispute,
  toldBy,
} from './dispute.ts'
import { movementOf, returnKey, returnOf, takingKey, takingOf } from './dispute-entry.ts'

export type DisputeFollowingOptions = {
  disputes: DisputeStore
  topUps: Pick<TopUpStore, 'read'>
  ledger: Pick<Ledger, 'post' | 'readEntry'>
  settlement: { receive(news: PaymentNews, at: string): Promise<void> }
  provider: () => Promise<Pick<PaymentProvider, 'findOwner' | 'lookUpDispute' | 'lookUpPayment'>>
  /** What switches the account's automatic top-up off, to be written with the taking: nothing where it is not on. */
  switchOffAutoTopUp: (accountId: string, at: string) => Promise<WriteItem[]>
}

/** A dispute that is looked at: what was written of it, what the provider tells now, and the top-up that it is about. */
type Look = {
  owner: PaymentOwner
  known: Dispute | undefined
  told: ProviderDispute
  topUp: TopUp
  at: string
}

/** How often a dispute may change under our hands before its event is left to the provider's next delivery. */
const TRIES = 5

/** Keeps the books where the provider has each dispute. */
export function createDisputeFollowing(options: DisputeFollowingOptions) {
  const { disputes, topUps, ledger, settlement, provider, switchOffAutoTopUp } = options

  /**
   * Does what there is to do about a dispute of which the provider has told something: whatever that was, the dispute is read at
   * the provider as it is now. One of no payment of ours is logged. Throws `busy` when the event has to come again.
   */
  async function receive(news: { disputeId: string; paymentId: string }, at: string): Promise<void> {
    const found = await (await provider()).findOwner(news.paymentId)
    if (!found.ok) throw comeAgain()
    if (!found.owner) return log.info('a dispute of a payment that is not ours', news)
    await follow(found.owner, news.disputeId, at)
  }

  /** The same for a dispute that is known, whether or not the provider has told of it. */
  function reconcile(
    dispute: Pick<Dispute, 'accountId' | 'topUpId' | 'disputeId'>,
    at: string,
  ): Promise<void> {
    const { accountId, topUpId, disputeId } = dispute
    return follow({ accountId, topUpId }, disputeId, at)
  }

  async function follow(owner: PaymentOwner, disputeId: string, at: string): Promise<void> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      // In this order: what the provider tells is then newer than what was written, whoever else is at work.
      const known = await disputes.read(owner.accountId, disputeId)
      const looked = await (await provider()).lookUpDispute(disputeId)
      if (!looked.ok) throw comeAgain()
      const topUp = await topUps.read(owner.accountId, owner.topUpId)
      if (!topUp) return log.error('a dispute names a top-up that is not there', { ...owner, disputeId })
      if (await apply({ owner, known, told: looked.dispute, topUp, at })) return
    }
    throw comeAgain()
  }

  /** True when the books are as the provider says; false when something has changed meanwhile and all is to be read again. */
  async function apply(look: Look): Promise<boolean> {
    const decision = decideDispute(look.known, look.told, look.topUp)
    switch (decision.kind) {
      case 'nothing':
        return finish(look)
      case 'settle_first':
        return settleFirst(look)
      case 'record':
        return record(look, decision.status, decision.mismatch)
      case 'take':
        return take(look, decision.status)
      case 'give_back':
        return returnIt(look, decision.status)
    }
  }

  /** Of one that was decided long ago this was the last question. */
  async function finish({ known, at }: Look): Promise<boolean> {
    if (!known || known.finalAt !== undefined || !isFinal(known, at)) return true
    return disputes.write(known, { ...known, finalAt: at })
  }

  /** A payment that was disputed was paid: when nobody has told us so yet, it is credited now, and then taken. */
  async function settleFirst({ topUp, told, at }: Look): Promise<boolean> {
    const asked = { ...topUp, sessionId: undefined, paymentId: told.paymentId }
    const paid = await (await provider()).lookUpPayment(asked)
    if (!paid.ok || !('news' in paid) || paid.news.outcome !== 'paid') throw comeAgain()
    await settlement.receive(paid.news, at)
    return false
  }

  async function record(look: Look, status: DisputeStatus, mismatch?: Mismatch): Promise<boolean> {
    const next = nextOf(look, status, mismatch)
    if (mismatch) log.error('a dispute is for staff to look at', nameOf(next))
    return disputes.write(look.known, next, await alongWith(look, status))
  }

  /** In one transaction: what goes out of the account, the document, and automatic top-up, which goes off. */
  async function take(look: Look, status: DisputeStatus): Promise<boolean> {
    const { known, topUp, at } = look
    const next = nextOf(look, status)
    const payment = await ledger.readEntry(next.accountId, topUp.entrySequence!)
    if (!payment) throw new Error(`top-up ${topUp.topUpId}: its entry ${topUp.entrySequence} is not there`)
    const others = await alongWith(look, status)
    const posted = await post(next, takingKey(next), at, (head) => {
      const { draft } = takeBack(head, payment, takingOf(next))
      const moved = { takings: next.takings + 1n, taken: movementOf(head, draft), returned: undefined }
      return { ok: true, draft, documents: [disputes.replacementOf(known, { ...next, ...moved }), ...others] }
    })
    return posted === 'written'
  }

  /** A closed account takes no credit: then staff have to look, and whenever it is told or reconciled it is tried again. */
  async function returnIt(look: Look, status: DisputeStatus): Promise<boolean> {
    const { known, at } = look
    const next = nextOf(look, status)
    const taking = next.taken && (await ledger.readEntry(next.accountId, next.taken.entrySequence))
    if (!taking) throw new Error(`dispute ${next.disputeId}: the entry of its taking is not there`)
    const posted = await post(next, returnKey(next), at, (head) => {
      const decision = giveBack(head, taking, returnOf(next))
      if (!decision.ok) return decision
      const returned = movementOf(head, decision.draft)
      return { ...decision, documents: [disputes.replacementOf(known, { ...next, returned })] }
    })
    if (posted !== 'account_closed') return posted === 'written'
    const isKnown = known?.status === status && known.mismatch === 'account_closed'
    return isKnown || record(look, status, 'account_closed')
  }

  /** `changed`: something has changed since it was read, or somebody else has done it meanwhile. */
  async function post(
    { accountId, disputeId }: Dispute,
    key: string,
    at: string,
    decide: (head: Head) => Posting | AccountUnavailable,
  ): Promise<'written' | 'changed' | 'account_closed'> {
    const hash = requestHash({ disputeId, key })
    const posted = await ledger.post<AccountUnavailable>({ accountId, key, requestHash: hash, at, decide })
    if (posted.ok) return posted.replayed ? 'changed' : 'written'
    switch (posted.reason) {
      case 'document_changed':
        return 'changed'
      case 'account_closed':
        return 'account_closed'
      case 'busy':
        throw comeAgain()
      default:
        throw new Error(`dispute ${disputeId} could not be posted: ${posted.reason}`)
    }
  }

  /** When an amount goes to the bank, no card is charged by itself any more. */
  async function alongWith({ known, owner, at }: Look, status: DisputeStatus): Promise<WriteItem[]> {
    const goesOut = isWithBank(status) && !(known && isWithBank(known.status))
    return goesOut ? switchOffAutoTopUp(owner.accountId, at) : []
  }

  return { receive, reconcile }
}

/** The document as it is to be: what was taken stays as it was taken, all else is as it is told. */
function nextOf({ known, told, owner, at }: Look, status: DisputeStatus, mismatch?: Mismatch): Dispute {
  const before = known ?? newDispute(told, owner, at)
  const { amountMicros, currency, ...news } = toldBy(told)
  const isChange = before.status !== status || before.mismatch !== mismatch
  return {
    ...before,
    ...news,
    ...(!isTaken(before) && { amountMicros, currency }),
    status,
    mismatch,
    changedAt: isChange ? at : before.changedAt,
    finalAt: isChange ? undefined : before.finalAt,
  }
}

function nameOf({ accountId, disputeId, topUpId, paymentId, status, mismatch }: Dispute) {
  return { accountId, disputeId, topUpId, paymentId, status, mismatch }
}

function comeAgain(): Problem {
  return new Problem('busy', 'The event has to come again.')
}
