import { Construct } from 'constructs'
import { disputeRoutes } from '../../functions/disputes/disputes.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** Disputed payments: what became of each. What the provider tells of them comes with the payments' signed events. */
export class Disputes extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const disputes = new HouseFunction(this, 'ReadDisputes', {
      foundation: house,
      handler: 'disputes/disputes',
    })
    house.documents.letRead(disputes)
    house.payments.letRead(disputes)
    house.api.route(disputeRoutes.listDisputes, disputes)
    house.api.route(disputeRoutes.readDispute, disputes)
  }
}
