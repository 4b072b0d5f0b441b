import { Construct } from 'constructs'
import { priceRoutes } from '../../functions/prices/prices.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** Prices and rate decks, versioned. The import has a function of its own: it holds a whole deck in memory. */
export class Prices extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const { importRateDeck: importRoute, ...otherRoutes } = priceRoutes
    const prices = new HouseFunction(this, 'Prices', { foundation: house, handler: 'prices/prices' })
    house.documents.letWrite(prices)
    house.files.letRead(prices, 'rate-decks')
    for (const route of Object.values(otherRoutes)) house.api.route(route, prices)

    const importRateDeck = new HouseFunction(this, 'ImportRateDeck', {
      foundation: house,
      handler: 'prices/import-rate-deck',
      timeoutSeconds: 29,
      memoryMegabytes: 1024,
    })
    house.documents.letWrite(importRateDeck)
    house.files.letAdd(importRateDeck, 'rate-decks')
    house.api.route(importRoute, importRateDeck)
  }
}
