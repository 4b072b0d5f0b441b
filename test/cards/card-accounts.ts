import type { Account, MemberRole } from '../../functions/accounts/account.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import { addCard, type Cards, keptCards } from '../../functions/cards/cards.ts'
import { saveCard } from '../../local/stripe.ts'
import { personClaims, type Reply, send, staffClaims } from '../support/request.ts'
import { startPayments } from '../top-up/payments.ts'

export const VISA = '4242424242424242'
export const ASKS_THE_BANK = '4000002500003155'
export const ALWAYS_ASKS = '4000002760003184'
export const IS_REFUSED = '4000000000000002'

/** What a test reads of a card in a reply. */
export type ShownCard = {
  paymentMethodId: string
  lastFour: string
  expiresIn: string
  role: string
  state: string
}

/** Accounts whose people save cards at the stand-in for Stripe, through the functions that deploy. */
export async function startCards() {
  const payments = await startPayments()
  const { database, stripe } = payments
  const { handler: changing } = await import('../../functions/cards/change-cards.handler.ts')
  const { handler: reading } = await import('../../functions/cards/read-cards.handler.ts')
  const members = createMemberStore(database)
  const replies: Reply[] = []
  let opened = 0

  async function open(timeZone = 'UTC') {
    opened += 1
    const account: Account = {
      accountId: `acc_cards${String(opened).padStart(6, '0')}`,
      name: 'Example Ltd',
      clientType: 'hosted',
      currency: 'USD',
      timeZone,
      lowCreditThresholdMicros: 0n,
      createdAt: '2026-11-01T00:00:00.000Z',
    }
    const ledgerOpening = payments.ledger.openingOf(account.accountId, 'USD')
    const ownerEmail = `owner${opened}@client.example.com`
    const done = await openAccount(database, { account, ownerEmail, requestHash: 'h', ledgerOpening })
    if (!done.ok) throw new Error(done.reason)
    return { ...account, ownerEmail, claims: personClaims(ownerEmail) as Record<string, unknown> }
  }

  async function addMember(accountId: string, role: MemberRole) {
    const email = `${role}@${accountId.replace('_', '-')}.example.com`
    await members.add({ accountId, email, role, addedAt: '2026-11-01T00:00:00.000Z' })
    return personClaims(email) as Record<string, unknown>
  }

  const keep = async (reply: Promise<Reply>) => {
    replies.push(await reply)
    return replies.at(-1)!
  }
  const pathOf = (accountId: string, paymentMethodId: string) => ({ accountId, paymentMethodId })
  const route = '/v1/accounts/{accountId}/payment-methods'
  type Who = { accountId: string; claims: Record<string, unknown> }
  const askPage = ({ accountId, claims }: Who, idempotencyKey = 'key-1') =>
    keep(
      send(changing, {
        route: `POST ${route}`,
        path: { accountId },
        headers: { 'idempotency-key': idempotencyKey },
        claims,
      }),
    )
  const choose = ({ accountId, claims }: Who, paymentMethodId: string, role: string) =>
    keep(
      send(changing, {
        route: `PUT ${route}/{paymentMethodId}/role`,
        path: pathOf(accountId, paymentMethodId),
        body: { role },
        claims,
      }),
    )
  const remove = ({ accountId, claims }: Who, paymentMethodId: string) =>
    keep(
      send(changing, {
        route: `DELETE ${route}/{paymentMethodId}`,
        path: pathOf(accountId, paymentMethodId),
        claims,
      }),
    )
  const list = ({ accountId, claims }: Who) =>
    keep(send(reading, { route: `GET ${route}`, path: { accountId }, claims }))
  const shown = async (who: Who) => (await list(who)).body.cards as unknown as ShownCard[]

  /** Enters a card on the provider's page, and waits for its event. */
  async function enter(who: Who, cardNumber: string, key: string, expiry?: string) {
    const page = await askPage(who, key)
    if (page.status !== 201) throw new Error(page.text)
    const outcome = await saveCard(String(page.body.setupUrl), cardNumber, expiry ? { expiry } : {})
    await stripe.untilIdle()
    return outcome
  }

  /** Puts cards of which the provider knows nothing into the document, as if they had been saved. */
  const fill = (accountId: string, count: number) =>
    payments.cards.change(accountId, '2026-11-01T00:00:00.000Z', (before) =>
      Array.from({ length: count }, (_, index) => index).reduce(
        (cards: Cards, index) =>
          addCard(
            cards,
            {
              paymentMethodId: `pm_filled${index}`,
              customerId: before.customerId ?? '',
              brand: 'visa',
              lastFour: '0000',
              expiresIn: '2031-01',
              createdAt: '2026-11-01T00:00:00.000Z',
            },
            '2026-11-01T00:00:00.000Z',
          ),
        before,
      ),
    )

  const keptIn = async (accountId: string) =>
    keptCards(await payments.cards.read(accountId)).map(({ paymentMethodId }) => paymentMethodId)

  return {
    ...payments,
    ...{ open, addMember, askPage, choose, remove, list, shown, enter, fill, keptIn, replies },
    staff: staffClaims as Record<string, unknown>,
  }
}
