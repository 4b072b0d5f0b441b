import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { cardRoutes } from './cards.routes.ts'
import { paymentMethodIdSchema } from './cards.ts'
import { CARD_ROLES, cardsReply } from './present-cards.ts'

const ofAccount = z.object({ accountId: accountIdSchema })
const ofCard = z.object({ accountId: accountIdSchema, paymentMethodId: paymentMethodIdSchema })

export const listCards = defineRoute({
  route: cardRoutes.listCards,
  summary: 'The cards that an account pays with',
  tag: 'Cards',
  callers: ['client', 'staff'],
  params: ofAccount,
  responses: { 200: { description: 'All of them, ten at most', schema: cardsReply } },
  problems: ['account_not_found'],
})

export const saveCard = defineRoute({
  route: cardRoutes.saveCard,
  summary: 'A page of the payment provider’s on which a card is entered and saved',
  tag: 'Cards',
  callers: ['client'],
  params: ofAccount,
  idempotent: true,
  responses: {
    201: {
      description:
        'Nothing is saved yet: the card is in the list once the provider has it. A repeat gives the same page',
      schema: z.object({
        setupId: z.string(),
        setupUrl: z
          .url()
          .meta({ description: 'where the card is entered; good for a day, and for one card' }),
      }),
    },
  },
  problems: [
    'account_not_found',
    'terms_required',
    'role_not_allowed',
    'too_many_cards',
    'customer_gone',
    'payment_provider_unavailable',
    'busy',
  ],
})

export const chooseCardRole = defineRoute({
  route: cardRoutes.chooseCardRole,
  summary: 'Make a card the default or the backup, or let it be no backup any more',
  tag: 'Cards',
  callers: ['client'],
  params: ofCard,
  body: z
    .strictObject({
      role: z.enum(CARD_ROLES).meta({
        description:
          'a backup that becomes the default changes places with it; the default stays until another is chosen',
      }),
    })
    .meta({ id: 'CardRoleRequest' }),
  responses: { 200: { description: 'The cards as they are then', schema: cardsReply } },
  problems: [
    'account_not_found',
    'terms_required',
    'role_not_allowed',
    'card_not_found',
    'card_is_default',
    'busy',
  ],
})

export const removeCard = defineRoute({
  route: cardRoutes.removeCard,
  summary: 'Remove a card: it pays nothing any more, and the provider forgets it',
  tag: 'Cards',
  callers: ['client'],
  params: ofCard,
  responses: { 204: { description: 'Removed. Where it was the default, the backup is the default now' } },
  problems: ['account_not_found', 'role_not_allowed', 'card_not_found', 'busy'],
})

export const cardsApi = [listCards, saveCard, chooseCardRole, removeCard]
