import { Construct } from 'constructs'
import { refundRoutes } from '../../functions/refunds/refunds.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { letUseStripe } from './stripe-secret.ts'

/** Money back to the card: asked for, approved by a second person above a limit, and made at Stripe. */
export class Refunds extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    for (const [name, handler, route] of [
      ['RequestRefund', 'refunds/request-refund', refundRoutes.requestRefund],
      ['ApproveRefund', 'refunds/approve-refund', refundRoutes.approveRefund],
    ] as const) {
      const refunder = new HouseFunction(this, name, { foundation: house, handler, timeoutSeconds: 29 })
      house.documents.letRead(refunder)
      house.payments.letWrite(refunder)
      house.ledger.letPost(refunder)
      letUseStripe(refunder, house)
      house.api.route(route, refunder)
    }

    const refunds = new HouseFunction(this, 'Refunds', { foundation: house, handler: 'refunds/refunds' })
    house.documents.letRead(refunds)
    house.payments.letWrite(refunds)
    house.api.route(refundRoutes.listRefunds, refunds)
    house.api.route(refundRoutes.rejectRefund, refunds)
  }
}
