import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { InvocationSpec } from '../invocation.ts'
import { MOODS, type Mood } from '../provider/objects.ts'
import { decide, usePage } from '../provider/outside.ts'
import { readAnswer } from '../request.ts'
import { require } from '../require.ts'
import type { World } from '../world.ts'
import { type CallKind, decimal, sendAgain, staffClaims } from './call.ts'
import { notifyFirst } from './notices.ts'

type TopUpChoice = { account: number; cents: number; how: 'checkout' | 'checkout_and_save' | 'saved_card' }

/** A client wants to pay. The credit comes later, with the provider's word alone. */
export const topUp: CallKind<TopUpChoice> = {
  choices: fc.record({
    account: fc.nat(7),
    cents: fc.integer({ min: 500, max: 3000 }),
    how: fc.constantFrom('checkout', 'checkout', 'checkout_and_save', 'saved_card'),
  }),
  prepare(world, { account, cents, how }) {
    const { books } = world.account(account)
    const idempotencyKey = `t${world.sent.length + 1}`
    const paymentMethod = how === 'saved_card' ? how : 'checkout'
    const label = `top up ${books.name} by ${decimal(cents)} by ${how} (${idempotencyKey})`
    let topUpId: string | undefined
    const attempt = (): InvocationSpec => ({
      label,
      handler: 'top-up/top-up',
      event: () =>
        eventOf({
          route: 'POST /v1/accounts/{accountId}/top-ups',
          path: { accountId: books.accountId },
          headers: { 'idempotency-key': idempotencyKey },
          claims: staffClaims,
          body: {
            amount: decimal(cents),
            currency: 'USD',
            paymentMethod,
            saveCard: how === 'checkout_and_save',
          },
        }),
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        if (answer.kind === 'unknown') return undefined
        if (answer.kind === 'refused') {
          const isJust =
            how === 'saved_card'
              ? isRefusal(answer.code, topUpId === undefined)
              : answer.code === 'payment_declined' && isUnpaid(world, answer.body.topUpId)
          require(isJust, () => `${label}: is refused with ${answer.code}: ${answer.detail}`)
          return undefined
        }
        const known = topUpId ?? answer.body.topUpId
        require(answer.body.topUpId === known, () => `${label}: is ${answer.body.topUpId} and was ${known}`)
        topUpId = answer.body.topUpId as string
        return undefined
      },
    })
    return sendAgain(world, attempt)
  },
}

/** A bank may refuse a card at any time; that there is none is said once, before anything is begun. */
function isRefusal(code: string, isNew: boolean): boolean {
  return (
    code === 'payment_declined' || code === 'authentication_required' || (code === 'no_saved_card' && isNew)
  )
}

/** A page whose bank thought about it, and did not pay: who asks again is told what became of it. */
function isUnpaid({ provider }: World, topUpId: unknown): boolean {
  const session = provider.sessions.find(({ metadata }) => metadata.topUpId === topUpId)
  const intent = provider.intents.find(({ id }) => id === session?.intentId)
  return session?.status === 'complete' && intent?.status === 'requires_payment_method'
}

/** A payer does something at a page that is open, and the provider begins to tell of it. */
export const payment: CallKind<{ page: number; mood: Mood }> = {
  choices: fc.record({ page: fc.nat(20), mood: fc.constantFrom('pays', 'pays', 'pays', ...MOODS) }),
  prepare(world, { page, mood }) {
    const { provider, nowMilliseconds } = world
    const open = provider.sessions.filter(({ status }) => status === 'open')
    if (open.length === 0) return undefined
    const session = open[page % open.length]!
    return notifyFirst(world, () => usePage(provider, session, mood, nowMilliseconds))
  },
}

/** A bank that was still thinking about a payment decides, or a card is another's matter from now on. */
export const bank: CallKind<{ place: number; mood: Mood }> = {
  choices: fc.record({ place: fc.nat(20), mood: fc.constantFrom('pays', ...MOODS) }),
  prepare(world, { place, mood }) {
    const { provider, nowMilliseconds } = world
    const thinking = provider.intents.filter(({ status }) => status === 'processing')
    const intent = thinking[place % Math.max(1, thinking.length)]
    if (intent) return notifyFirst(world, () => decide(provider, intent, mood === 'pays', nowMilliseconds))
    const card = provider.cards[place % Math.max(1, provider.cards.length)]
    if (!card) return undefined
    card.mood = mood
    world.journal.note(`  from now on ${card.id} ${mood}`)
    return undefined
  },
}
