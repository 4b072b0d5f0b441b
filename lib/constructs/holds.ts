import { Construct } from 'constructs'
import { holdRoutes } from '../../functions/holds/holds.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'

/** Credit set aside for live sessions. Each has a timer: a delayed message that rings when its lease is over. */
export class Holds extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const timers = this.addTimers(house)

    const authoriseHold = new HouseFunction(this, 'AuthoriseHold', {
      foundation: house,
      handler: 'holds/authorise-hold',
      memoryMegabytes: 1024,
    })
    house.ledger.letPost(authoriseHold)
    house.documents.letWrite(authoriseHold)
    house.files.letRead(authoriseHold, 'rate-decks')
    timers.letSend(authoriseHold, 'HOLD_TIMERS_URL')
    house.api.route(holdRoutes.authoriseHold, authoriseHold)
    house.api.route(holdRoutes.extendHold, authoriseHold)

    const settleHold = new HouseFunction(this, 'SettleHold', {
      foundation: house,
      handler: 'holds/settle-hold',
      memoryMegabytes: 1024,
    })
    house.ledger.letPost(settleHold)
    house.documents.letWrite(settleHold)
    house.api.route(holdRoutes.captureHold, settleHold)
    house.api.route(holdRoutes.releaseHold, settleHold)

    const readHolds = new HouseFunction(this, 'ReadHolds', { foundation: house, handler: 'holds/read-holds' })
    house.documents.letRead(readHolds)
    house.api.route(holdRoutes.listHolds, readHolds)
    house.api.route(holdRoutes.readHold, readHolds)
  }

  private addTimers(house: House): HouseQueue {
    const expireHold = new HouseFunction(this, 'ExpireHold', {
      foundation: house,
      handler: 'holds/expire-hold',
      timeoutSeconds: 30,
      // The timer of a session that goes on rings again and again.
      sendsToItself: true,
    })
    house.ledger.letPost(expireHold)
    house.documents.letWrite(expireHold)
    const timers = new HouseQueue(this, 'HoldTimers', {
      foundation: house,
      carries: 'timers of holds',
      consumer: expireHold,
      batchSize: 10,
    })
    // A hold that was extended, or whose lease is longer than a message may be delayed, rings again later.
    timers.letSend(expireHold, 'HOLD_TIMERS_URL')
    return timers
  }
}
