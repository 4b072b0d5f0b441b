import { Construct } from 'constructs'
import { portalRoutes } from '../../functions/portal/portal.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** The API's reference and the page that people top up on. */
export class Portal extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const portal = new HouseFunction(this, 'Portal', { foundation: house, handler: 'portal/portal' })
    portal.inject('PORTAL_CLIENT_ID', house.identity.portalClientId)
    portal.inject('TOKEN_ISSUER', house.identity.issuer)
    for (const route of Object.values(portalRoutes)) {
      house.api.route(route, portal, { public: 'A page without data: whoever opens it has yet to sign in.' })
    }
  }
}
