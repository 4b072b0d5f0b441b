import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { expect } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { agreed, neverSwitchedOn } from '../../functions/auto-top-up/agree.ts'
import type { AutoTopUp, AutoTopUpSettings } from '../../functions/auto-top-up/auto-top-up.ts'
import { autoTopUpOptions } from '../../functions/auto-top-up/auto-top-up-options.store.ts'
import {
  type AutoTopUpOptions,
  type CheckTold,
  createAutoTopUpCheck,
} from '../../functions/auto-top-up/check-auto-top-up.store.ts'
import type { CheckMessage } from '../../functions/auto-top-up/check-message.ts'
import {
  type Agreement,
  createAutoTopUpSwitch,
} from '../../functions/auto-top-up/switch-auto-top-up.store.ts'
import { chooseBackup, chooseDefault } from '../../functions/cards/cards.ts'
import { createCardKeeper } from '../../functions/cards/keep-card.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { createStripeProvider } from '../../functions/top-up/stripe.client.ts'
import { stripeOf } from '../../functions/top-up/stripe-sdk.client.ts'
import { planAccounts } from '../plans/plan-account.ts'
import { startPayments } from '../top-up/payments.ts'

export const UNIT = 1_000_000n
export const COOLDOWN_MILLISECONDS = 900_000

export const PAYS = '4242424242424242'
export const IS_DECLINED = '4000000000000002'
export const ASKS_THE_BANK = '4000002760003184'

/** Below 20.00 up to 50.00, at most 200.00 a month. */
export const settings: AutoTopUpSettings = {
  thresholdMicros: 20n * UNIT,
  targetMicros: 50n * UNIT,
  monthlyCapMicros: 200n * UNIT,
}
const consent = { actor: 'person:1', wordingVersion: '1' }

/** What a test puts between a check and what it uses. */
export type Between = Partial<AutoTopUpOptions> & { client?: DynamoDBDocumentClient }

/** Accounts with cards at the stand-in for Stripe, whose automatic top-up is checked by the real stores. */
export async function startAutoTopUps() {
  const payments = await startPayments()
  const { database } = payments
  const plans = planAccounts(database)
  const connection = { apiKey: 'sk_test_drawdown', url: payments.stripe.url, timeoutMilliseconds: 300 }
  const provider = createStripeProvider(connection)
  const stripe = stripeOf(connection)
  const keeper = createCardKeeper({ cards: payments.cards, provider: async () => provider })
  // The provider's events wait until a test looks at what has become of an account.
  payments.stripe.setWebhookUrl(undefined)
  const checksLater: { check: CheckMessage; delaySeconds: number }[] = []

  const optionsWith = ({ client = database.client, ...between }: Between = {}): AutoTopUpOptions => ({
    ...autoTopUpOptions({
      ...database,
      client,
      provider: async () => provider,
      portalUrl: 'http://portal.example.com',
      checkLater: async (check, delaySeconds) => void checksLater.push({ check, delaySeconds }),
    }),
    ...between,
  })
  const options = optionsWith()

  const check = ({ accountId }: Account, now: Date, told: CheckTold = {}, between: Between = {}) =>
    createAutoTopUpCheck(optionsWith(between)).check(accountId, now, told)

  /** Keeps one more card for an account; the first is its default. */
  async function addCard({ accountId }: Account, behavesLike = PAYS): Promise<string> {
    const { customerId } = await payments.cards.change(accountId, new Date().toISOString(), async (cards) => {
      if (cards.customerId) return cards
      const made = await provider.createCustomer(accountId)
      if (!made.ok) throw new Error('no customer')
      return { ...cards, customerId: made.customerId }
    })
    // Each of them another card: two entries of one card would be one.
    const kept = await payments.cards.read(accountId)
    const readyMade = kept.cards.length === 0 ? 'pm_card_visa' : 'pm_card_mastercard'
    const method = await stripe.paymentMethods.attach(readyMade, { customer: customerId! })
    payments.stripe.setSavedCard(method.id, behavesLike)
    await keeper.keep({ accountId, paymentMethodId: method.id }, new Date().toISOString())
    return method.id
  }

  const choose =
    (decide: typeof chooseDefault) =>
    ({ accountId }: Account, cardId: string) =>
      payments.cards.change(accountId, new Date().toISOString(), (before) => {
        const decision = decide(before, cardId)
        if (!decision.ok) throw new Error(decision.reason)
        return decision.cards
      })

  /** An account with so much credit and a card, whose automatic top-up is on. */
  async function open(
    creditMicros: bigint,
    more: {
      card?: string
      account?: Partial<Account>
      settings?: Partial<AutoTopUpSettings>
      at?: Date
    } = {},
  ): Promise<Account> {
    const account = await plans.open({ timeZone: 'UTC', ...more.account })
    if (creditMicros > 0n) await plans.give(account, creditMicros, 'opening')
    await addCard(account, more.card)
    await agree(account, more.settings, more.at)
    return account
  }

  /** Its client's consent, as it stands in the document. */
  async function agree(account: Account, more: Partial<AutoTopUpSettings> = {}, at = new Date()) {
    const wanted = { ...settings, ...more }
    const given = { ...consent, at: at.toISOString() }
    const before =
      (await options.autoTopUps.read(account.accountId)) ?? neverSwitchedOn(account, wanted, given)
    await options.autoTopUps.replace(before, agreed(before, wanted, given))
  }

  const switchOn = (account: Account, more: Partial<Agreement> = {}) =>
    createAutoTopUpSwitch(options).switchOn({
      account,
      settings,
      consent,
      isChargeConfirmed: false,
      now: new Date(),
      ...more,
    })
  const switchOff = ({ accountId }: Account, now: Date) =>
    createAutoTopUpSwitch(options).switchOff(accountId, now)

  /** All that can be seen of an account once the provider's events have come; its books are proven on the way. */
  async function stateOf({ accountId }: Account) {
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    payments.stripe.setWebhookUrl(undefined)
    const head = (await payments.ledger.readHead(accountId))!
    expect(proveAccount(head, await payments.entriesOf(accountId))).toEqual([])
    const [document, { customerId }] = [await readDocument(accountId), await payments.cards.read(accountId)]
    const { data: intents } = await stripe.paymentIntents.list({ customer: customerId!, limit: 100 })
    const topUps = await payments.topUps.list(accountId, { limit: 100 })
    return { availableMicros: head.availableMicros, document, intents, topUps }
  }

  const readDocument = async (accountId: string): Promise<AutoTopUp> =>
    (await options.autoTopUps.read(accountId))!

  return {
    ...plans,
    payments,
    database,
    stripe,
    provider,
    checksLater,
    options,
    optionsWith,
    check,
    addCard,
    chooseDefault: choose(chooseDefault),
    chooseBackup: choose(chooseBackup),
    open,
    agree,
    switchOn,
    switchOff,
    stateOf,
    stop: payments.stop,
  }
}
