import { Construct } from 'constructs'
import { lotRoutes } from '../../functions/lots/lots.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'

/**
 * Credit that expires. Whatever raises a lot with an expiry puts that instant on the calendar; the hourly search finds it
 * when clients are to be told and when its time is over.
 */
export class Lots extends Construct {
  constructor(scope: Construct, id: string, house: House, findDue: HouseFunction) {
    super(scope, id)
    const lots = new HouseFunction(this, 'Lots', { foundation: house, handler: 'lots/lots' })
    house.ledger.letRead(lots)
    house.waiting.letRead(lots)
    house.documents.letRead(lots)
    for (const route of Object.values(lotRoutes)) house.api.route(route, lots)

    const watchLots = new HouseFunction(this, 'WatchLots', {
      foundation: house,
      handler: 'lots/watch-lots',
      timeoutSeconds: 60,
    })
    house.documents.letWrite(watchLots)
    const watchQueue = new HouseQueue(this, 'WatchQueue', {
      foundation: house,
      carries: 'lots that expire',
      consumer: watchLots,
      batchSize: 10,
    })
    house.bus.deliver(['lots.raised'], watchQueue)

    const expireLots = new HouseFunction(this, 'ExpireLots', {
      foundation: house,
      handler: 'lots/expire-lots',
      timeoutSeconds: 300,
    })
    house.ledger.letPost(expireLots)
    house.documents.letWrite(expireLots)
    house.bus.letPut(expireLots)
    const expiryQueue = new HouseQueue(this, 'ExpiryQueue', {
      foundation: house,
      carries: 'expiries of credit',
      consumer: expireLots,
      batchSize: 10,
    })
    expiryQueue.letSend(findDue, 'EXPIRY_QUEUE_URL')
  }
}
