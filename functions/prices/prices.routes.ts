/** What a service costs: versioned prices and rate decks. */
export const priceRoutes = {
  listPrices: 'GET /v1/prices',
  readPrice: 'GET /v1/prices/{service}',
  setPrice: 'PUT /v1/prices/{service}',
  listRateDecks: 'GET /v1/rate-decks',
  readRateDeck: 'GET /v1/rate-decks/{deck}',
  importRateDeck: 'PUT /v1/rate-decks/{deck}',
} as const
