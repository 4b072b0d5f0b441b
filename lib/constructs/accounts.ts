import { Construct } from 'constructs'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** Opening and changing accounts, their members, and who the caller is. */
export class Accounts extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const accounts = new HouseFunction(this, 'Accounts', { foundation: house, handler: 'accounts/accounts' })
    house.documents.letWrite(accounts)
    // Opening an account writes the first item of its ledger.
    house.ledger.letPark(accounts)
    for (const route of Object.values(accountRoutes)) house.api.route(route, accounts)
  }
}
