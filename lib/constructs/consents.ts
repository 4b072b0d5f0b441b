import { Construct } from 'constructs'
import { consentRoutes, withdrawalRoutes } from '../../functions/consents/consents.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { WithdrawalKey } from './withdrawal-key.ts'

/** What people want to be written to about; withdrawing by a link is a job of its own, which anyone may call. */
export class Consents extends Construct {
  readonly key: WithdrawalKey

  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    this.key = new WithdrawalKey(this, 'WithdrawalKey', house)
    const consents = new HouseFunction(this, 'Consents', { foundation: house, handler: 'consents/consents' })
    house.documents.letWrite(consents)
    for (const route of Object.values(consentRoutes)) house.api.route(route, consents)

    const withdraw = new HouseFunction(this, 'WithdrawByLink', {
      foundation: house,
      handler: 'consents/withdraw-by-link',
    })
    house.documents.letWrite(withdraw)
    this.key.letUse(withdraw)
    for (const route of Object.values(withdrawalRoutes)) {
      house.api.route(route, withdraw, {
        public: 'The link of an e-mail, which carries a signature of ours.',
      })
    }
  }
}
