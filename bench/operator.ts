import { randomUUID } from 'node:crypto'
import { accountRoutes } from '../functions/accounts/accounts.routes.ts'
import { creditRoutes } from '../functions/credits/credits.routes.ts'
import { priceRoutes } from '../functions/prices/prices.routes.ts'
import { termsRoutes } from '../functions/terms/terms.routes.ts'
import { CALL_SERVICE, RATE_DECK_CSV } from './calls.ts'
import type { Handlers } from './handlers.ts'
import { send } from './invoke.ts'

const CURRENCY = 'USD'
const DECK = 'standard'
const EFFECTIVE_FROM = '2026-01-01T00:00:00.000Z'
/** So much that no bench uses it up. */
const CREDIT = '1000000000'

/** What an operator sets before the first call: a rate deck, the price that uses it, and terms, which every entry names. */
export async function setUpCatalogue(handlers: Handlers): Promise<void> {
  await send(handlers.importRateDeck, {
    route: priceRoutes.importRateDeck,
    params: { deck: DECK },
    query: { currency: CURRENCY, effectiveFrom: EFFECTIVE_FROM },
    contentType: 'text/csv',
    body: RATE_DECK_CSV,
  })
  await send(handlers.setPrice, {
    route: priceRoutes.setPrice,
    params: { service: CALL_SERVICE },
    body: {
      currency: CURRENCY,
      effectiveFrom: EFFECTIVE_FROM,
      model: { kind: 'rate_deck', deck: DECK },
    },
  })
  for (const document of ['terms-of-service', 'privacy-statement']) {
    await send(handlers.publishTerms, {
      route: termsRoutes.publishTerms,
      idempotencyKey: randomUUID(),
      body: {
        document,
        version: EFFECTIVE_FROM.slice(0, 10),
        title: document,
        text: 'The agreed text.',
        // A version that asks nobody for an acceptance; entries name it all the same.
        class: 'editorial',
        effectiveAt: EFFECTIVE_FROM,
        summary: 'The first version.',
      },
    })
  }
}

/** A client with credit; answers its account id. */
export async function openAccount(handlers: Handlers): Promise<string> {
  const { text } = await send(handlers.openAccount, {
    route: accountRoutes.openAccount,
    idempotencyKey: randomUUID(),
    body: {
      name: 'Example Company',
      clientType: 'hosted',
      currency: CURRENCY,
      timeZone: 'Europe/Berlin',
      ownerEmail: 'owner@example.com',
    },
  })
  const { accountId } = JSON.parse(text) as { accountId: string }
  await send(handlers.giveCredit, {
    route: creditRoutes.giveCredit,
    params: { accountId },
    idempotencyKey: randomUUID(),
    body: { amount: CREDIT, currency: CURRENCY, kind: 'migration', reason: 'Credit from the old system' },
  })
  return accountId
}
