import { Construct } from 'constructs'
import { chargeRoutes } from '../../functions/charges/charges.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** Rate and deduct while the caller waits. */
export class Charges extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const chargeNow = new HouseFunction(this, 'ChargeNow', {
      foundation: house,
      handler: 'charges/charge-now',
      memoryMegabytes: 1024,
    })
    house.ledger.letPost(chargeNow)
    // It ends lost sessions' holds where credit is lacking.
    house.documents.letWrite(chargeNow)
    house.files.letRead(chargeNow, 'rate-decks')
    house.api.route(chargeRoutes.chargeNow, chargeNow)
  }
}
