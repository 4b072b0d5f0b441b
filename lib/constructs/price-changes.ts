import { Construct } from 'constructs'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'

/** Clients are told of new prices of their plan: the plan's clients are queued in parts, and each of them is told once. */
export class PriceChanges extends Construct {
  constructor(scope: Construct, id: string, house: House, findDue: HouseFunction) {
    super(scope, id)
    const announce = new HouseFunction(this, 'Announce', {
      foundation: house,
      handler: 'price-changes/announce-price-change',
      timeoutSeconds: 120,
      // The rest of a part goes on in a further message.
      sendsToItself: true,
    })
    house.ledger.letRead(announce)
    house.waiting.letRead(announce)
    house.documents.letWrite(announce)
    house.bus.letPut(announce)
    announce.inject('PORTAL_URL', house.configuration.portalUrl)
    const queue = new HouseQueue(this, 'Queue', {
      foundation: house,
      carries: 'announcements of price changes',
      consumer: announce,
      batchSize: 10,
    })
    queue.letSend(announce, 'ANNOUNCEMENT_QUEUE_URL')
    queue.letSend(findDue, 'ANNOUNCEMENT_QUEUE_URL')
  }
}
