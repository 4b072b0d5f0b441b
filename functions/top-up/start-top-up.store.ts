import type { Account } from '../accounts/account.ts'
import { Problem } from '../edge/problem.ts'
import { idFromKey, requestHash } from '../edge/request-id.ts'
import type { Head } from '../ledger/entry.ts'
import { parseAmount } from '../ledger/money.ts'
import type { OpenedCheckout, PaymentProvider, SavedCardPayment } from './payment-provider.ts'
import type { SavedCard } from './saved-card.store.ts'
import type { TopUpStore } from './top-up.store.ts'
import { nextStep, type TopUp, type TopUpPaymentMethod } from './top-up.ts'
import { refuseTopUpAmount } from './top-up-amount.ts'

export type TopUpRequest = {
  amount: string
  currency: string
  paymentMethod: TopUpPaymentMethod
  saveCard: boolean
}

export type TopUpStart = {
  account: Account
  request: TopUpRequest
  idempotencyKey: string
  actor: string
  now: Date
}

export type TopUpStarterOptions = {
  topUps: TopUpStore
  cards: { read(accountId: string): Promise<SavedCard | undefined> }
  ledger: { readHead(accountId: string): Promise<Head | undefined> }
  terms: { require(account: Account, now: Date): Promise<string | undefined> }
  /** Asked for only when the provider is to be called. */
  provider: () => Promise<PaymentProvider>
  /** Where the payer comes back to, without a closing slash. */
  portalUrl: string
}

/** Starts payments; what credits them is the provider's signed event. */
export function createTopUpStarter(options: TopUpStarterOptions) {
  const { topUps, cards, ledger, terms, provider } = options

  /**
   * Starts at most one payment per account and idempotency key. The top-up is written before the provider is called, so
   * that an event of the provider always finds it, and a request that was cut off goes on where it was when it is sent
   * again. A repeat gives the same top-up, as it is by then. Throws the `Problem` of a refusal.
   */
  async function start(asked: TopUpStart): Promise<TopUp> {
    const { account, request, idempotencyKey, now } = asked
    const topUpId = idFromKey('top', account.accountId, idempotencyKey)
    const hash = requestHash({ topUp: request })
    const topUp =
      (await topUps.read(account.accountId, topUpId)) ??
      (await topUps.create(await newTopUp(asked, topUpId, hash)))
    if (topUp.requestHash !== hash) {
      throw new Problem(
        'idempotency_key_reused',
        'No payment was started now; take a new key for a new request.',
      )
    }
    return advance(topUp, now)
  }

  async function newTopUp(
    { account, request, actor, now }: TopUpStart,
    topUpId: string,
    hash: string,
  ): Promise<TopUp> {
    const { accountId } = account
    const { currency, paymentMethod, saveCard } = request
    const amountMicros = parseAmount(request.amount)!
    refuseAmount(account, amountMicros, currency)
    const termsVersion = await terms.require(account, now)
    const head = await ledger.readHead(accountId)
    if (!head) throw new Problem('account_not_found', `You have no account ${accountId}.`)
    if (head.status === 'closed')
      throw new Problem('account_closed', `Account ${accountId} takes no more payments.`)
    const card = paymentMethod === 'saved_card' || saveCard ? await cards.read(accountId) : undefined
    if (paymentMethod === 'saved_card' && !card) {
      throw new Problem('no_saved_card', 'Pay by checkout with "saveCard": true first.')
    }
    return {
      topUpId,
      accountId,
      status: 'created',
      amountMicros,
      currency,
      origin: 'manual',
      requestedMethod: paymentMethod,
      method: paymentMethod,
      saveCard,
      customerId: card?.customerId,
      paymentMethodId: paymentMethod === 'saved_card' ? card?.paymentMethodId : undefined,
      requestHash: hash,
      actor,
      termsVersion,
      createdAt: now.toISOString(),
      refundedMicros: 0n,
      changedAt: now.toISOString(),
      revision: 0n,
    }
  }

  /** Does what is next at the provider, until nothing is. */
  async function advance(topUp: TopUp, now: Date): Promise<TopUp> {
    const step = nextStep(topUp, now)
    if (step === undefined) return topUp
    if (step === 'expire') return topUps.move(topUp, 'expired', now.toISOString())
    if (step === 'open_checkout')
      return noteCheckout(topUp, await (await provider()).openCheckout(checkoutOf(topUp)), now)
    const { customerId, paymentMethodId } = topUp
    if (!customerId || !paymentMethodId) throw new Error(`top-up ${topUp.topUpId} has no saved card`)
    const paid = await (await provider()).chargeSavedCard({ ...topUp, customerId, paymentMethodId })
    const noted = await noteSavedCard(topUp, paid, now)
    return nextStep(noted, now) === 'open_checkout' ? advance(noted, now) : noted
  }

  function checkoutOf(topUp: TopUp) {
    const { topUpId, accountId, amountMicros, currency, saveCard, customerId } = topUp
    const back = (result: string) =>
      `${options.portalUrl}/top-up?${new URLSearchParams({ account: accountId, topUp: topUpId, result })}`
    return {
      topUpId,
      accountId,
      amountMicros,
      currency,
      saveCard,
      customerId,
      paidUrl: back('paid'),
      cancelledUrl: back('cancelled'),
    }
  }

  async function noteCheckout(topUp: TopUp, opened: OpenedCheckout, now: Date): Promise<TopUp> {
    const at = now.toISOString()
    if (opened.ok) {
      const { sessionId, paymentUrl } = opened
      return topUps.move(topUp, 'processing', at, { method: 'checkout', sessionId, paymentUrl })
    }
    if (opened.reason === 'unavailable') throw unavailable(topUp)
    return topUps.move(topUp, 'failed', at, { failureCode: `refused_${opened.field}` })
  }

  async function noteSavedCard(topUp: TopUp, paid: SavedCardPayment, now: Date): Promise<TopUp> {
    const at = now.toISOString()
    if (paid.ok) return topUps.move(topUp, 'processing', at, { paymentId: paid.paymentId })
    switch (paid.reason) {
      case 'unavailable':
        throw unavailable(topUp)
      case 'refused':
        return topUps.move(topUp, 'failed', at, { failureCode: `refused_${paid.field}` })
      default:
        return topUps.move(topUp, 'failed', at, { failureCode: paid.code })
    }
  }

  return { start }
}

function refuseAmount(account: Account, amountMicros: bigint, currency: string): void {
  if (currency !== account.currency) {
    const detail = `the account is in ${account.currency}`
    throw new Problem('wrong_currency', `currency: ${detail}`, { errors: [{ field: 'currency', detail }] })
  }
  const detail = refuseTopUpAmount(amountMicros, currency)
  if (detail)
    throw new Problem('request_invalid', `amount: ${detail}`, { errors: [{ field: 'amount', detail }] })
}

function unavailable({ topUpId }: TopUp): Problem {
  return new Problem(
    'payment_provider_unavailable',
    'Send the same request with the same Idempotency-Key again: it goes on with this very payment.',
    { extra: { topUpId } },
  )
}
