import { Construct } from 'constructs'
import { autoTopUpRoutes } from '../../functions/auto-top-up/auto-top-up.routes.ts'
import { checksAutoTopUp } from './event-triggers.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'
import { letUseStripe } from './stripe-secret.ts'

/**
 * Credit that is topped up by itself. Whatever may have moved a balance, and whatever became of a payment, goes to a queue
 * of checks; a check that has to wait for the end of the cooldown sends itself a message that arrives then.
 */
export class AutoTopUp extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const check = new HouseFunction(this, 'CheckAutoTopUp', {
      foundation: house,
      handler: 'auto-top-up/check-auto-top-up',
      timeoutSeconds: 150,
      sendsToItself: true,
    })
    const checkQueue = new HouseQueue(this, 'CheckQueue', {
      foundation: house,
      carries: 'checks of automatic top-ups',
      consumer: check,
      // Few: each may wait for the provider as long as for three tries.
      batchSize: 5,
    })
    house.bus.deliver([...checksAutoTopUp], checkQueue)

    const autoTopUp = new HouseFunction(this, 'SetAutoTopUp', {
      foundation: house,
      handler: 'auto-top-up/auto-top-up',
      timeoutSeconds: 29,
    })
    for (const route of Object.values(autoTopUpRoutes)) house.api.route(route, autoTopUp)

    for (const charger of [check, autoTopUp]) {
      house.ledger.letRead(charger)
      house.waiting.letRead(charger)
      house.documents.letRead(charger)
      house.payments.letWrite(charger)
      letUseStripe(charger, house)
      checkQueue.letSend(charger, 'AUTO_TOP_UP_QUEUE_URL')
      charger.inject('PORTAL_URL', house.configuration.portalUrl)
    }
  }
}
