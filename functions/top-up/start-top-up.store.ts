import type { Account } from '../accounts/account.ts'
import type { CardStore } from '../cards/cards.store.ts'
import { type Card, type Cards, defaultCard, findCard } from '../cards/cards.ts'
import { loseCustomer, requireCustomer } from '../cards/customer.store.ts'
import { invalidField, Problem, wrongCurrency } from '../edge/problem.ts'
import { idFromKey, requestHash } from '../edge/request-id.ts'
import type { Head } from '../ledger/entry.ts'
import { parseAmount } from '../ledger/money.ts'
import { createTopUpAdvance, type TopUpAdvanceOptions } from './advance-top-up.store.ts'
import type { PaymentProvider } from './payment-provider.ts'
import type { TopUp, TopUpPaymentMethod } from './top-up.ts'
import { refuseTopUpAmount } from './top-up-amount.ts'

export type TopUpRequest = {
  amount: string
  currency: string
  paymentMethod: TopUpPaymentMethod
  saveCard: boolean
  /** Which saved card; the default where none is named. */
  paymentMethodId?: string
}

export type TopUpStart = {
  account: Account
  request: TopUpRequest
  idempotencyKey: string
  actor: string
  now: Date
}

export type TopUpStarterOptions = TopUpAdvanceOptions & {
  cards: Pick<CardStore, 'read' | 'change'>
  provider: () => Promise<PaymentProvider>
  ledger: { readHead(accountId: string): Promise<Head | undefined> }
  terms: { require(account: Account, now: Date): Promise<string | undefined> }
}

/** Starts payments; what credits them is the provider's signed event. */
export function createTopUpStarter(options: TopUpStarterOptions) {
  const { topUps, cards, ledger, terms, provider } = options
  const { advance } = createTopUpAdvance(options)

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
    const advanced = await advance(topUp, now)
    const { customerId, failureCode } = advanced
    if (failureCode === 'customer_gone' && customerId)
      await loseCustomer(cards, { accountId: account.accountId, customerId, at: now.toISOString() })
    return advanced
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
    const saved = await cards.read(accountId)
    const card = paymentMethod === 'saved_card' ? chooseCard(saved, request.paymentMethodId) : undefined
    const customerId = saveCard
      ? await requireCustomer(cards, provider, { accountId, at: now.toISOString() })
      : saved.customerId
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
      customerId,
      paymentMethodId: card?.paymentMethodId,
      requestHash: hash,
      actor,
      termsVersion,
      createdAt: now.toISOString(),
      refundedMicros: 0n,
      changedAt: now.toISOString(),
      revision: 0n,
    }
  }

  return { start }
}

/** The named card, or the default. A card of another account is as unknown as one that never was. */
function chooseCard(cards: Cards, paymentMethodId: string | undefined): Card {
  const card = paymentMethodId === undefined ? defaultCard(cards) : findCard(cards, paymentMethodId)
  if (card) return card
  if (paymentMethodId !== undefined)
    throw new Problem('card_not_found', `The account has no card ${paymentMethodId}.`, {
      errors: [{ field: 'paymentMethodId', detail: 'is none of the account’s cards' }],
    })
  throw new Problem('no_saved_card', 'Save a card first, or pay by checkout with "saveCard": true.')
}

function refuseAmount(account: Account, amountMicros: bigint, currency: string): void {
  if (currency !== account.currency) throw wrongCurrency(account.currency)
  const detail = refuseTopUpAmount(amountMicros, currency)
  if (detail) throw invalidField('amount', detail)
}
