import { Construct } from 'constructs'
import { creditRoutes } from '../../functions/credits/credits.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** Staff give credit, refund charges and reverse entries: one function each, as either alone can move any client's money. */
export class Credits extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const giveCredit = new HouseFunction(this, 'GiveCredit', {
      foundation: house,
      handler: 'credits/give-credit',
    })
    house.ledger.letPost(giveCredit)
    house.documents.letRead(giveCredit)
    house.api.route(creditRoutes.giveCredit, giveCredit)

    const refundEntry = new HouseFunction(this, 'RefundEntry', {
      foundation: house,
      handler: 'credits/refund-entry',
    })
    house.ledger.letPost(refundEntry)
    house.documents.letRead(refundEntry)
    house.api.route(creditRoutes.refundEntry, refundEntry)

    const reverseEntry = new HouseFunction(this, 'ReverseEntry', {
      foundation: house,
      handler: 'credits/reverse-entry',
    })
    house.ledger.letPost(reverseEntry)
    house.documents.letRead(reverseEntry)
    house.api.route(creditRoutes.reverseEntry, reverseEntry)
  }
}
