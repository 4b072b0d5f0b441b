import fc from 'fast-check'
import { eventOf, personClaims } from '../../support/request.ts'
import { loseCard } from '../provider/outside.ts'
import { readAnswer } from '../request.ts'
import { require } from '../require.ts'
import { type CallKind, sendAgain } from './call.ts'
import { notifyFirst } from './notices.ts'

const handler = 'cards/change-cards'

/** The owner asks for a page to enter a card at. */
export const cardPage: CallKind<{ account: number }> = {
  choices: fc.record({ account: fc.nat(7) }),
  prepare(world, { account }) {
    const { accountId, name } = world.account(account).books
    const label = `a page for a card of ${name}`
    const headers = { 'idempotency-key': `p${world.sent.length + 1}` }
    const claims = personClaims(world.ownerOf(account))
    const route = 'POST /v1/accounts/{accountId}/payment-methods'
    return sendAgain(world, () => ({
      label,
      handler,
      event: () => eventOf({ route, path: { accountId }, headers, claims }),
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        const isRefused = answer.kind === 'refused' && answer.code !== 'too_many_cards'
        require(!isRefused, () => `${label}: ${JSON.stringify(answer)}`)
        return undefined
      },
    }))
  },
}

/** The owner gives a card another role, or takes it away; or the provider loses it. */
export const cardChange: CallKind<{ account: number; card: number; what: string }> = {
  choices: fc.record({
    account: fc.nat(7),
    card: fc.nat(5),
    what: fc.constantFrom('default', 'backup', 'none', 'remove', 'lose'),
  }),
  prepare(world, { account, card, what }) {
    const { books, payments } = world.account(account)
    const ids = payments.cardIds()
    if (ids.length === 0) return undefined
    const paymentMethodId = ids[card % ids.length]!
    const { provider, nowMilliseconds } = world
    if (what === 'lose') {
      const lost = provider.cards.find(({ id }) => id === paymentMethodId)
      return notifyFirst(world, () => lost && loseCard(provider, lost, nowMilliseconds))
    }
    const label = `card ${paymentMethodId} of ${books.name}: ${what}`
    const path = { accountId: books.accountId, paymentMethodId }
    const claims = personClaims(world.ownerOf(account))
    const base = '/v1/accounts/{accountId}/payment-methods/{paymentMethodId}'
    const event = () =>
      what === 'remove'
        ? eventOf({ route: `DELETE ${base}`, path, claims })
        : eventOf({ route: `PUT ${base}/role`, path, claims, body: { role: what } })
    return sendAgain(world, () => ({
      label,
      handler,
      event,
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        const isJust =
          answer.kind !== 'refused' || ['card_not_found', 'card_is_default'].includes(answer.code)
        require(isJust, () => `${label}: ${JSON.stringify(answer)}`)
        return undefined
      },
    }))
  },
}
