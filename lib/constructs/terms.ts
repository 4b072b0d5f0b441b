import { Construct } from 'constructs'
import { termsRoutes } from '../../functions/terms/terms.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** Publishing and reading terms; accepting them is a job of its own, with no right to the texts. */
export class Terms extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const { listAcceptances, acceptTerms: acceptRoute, ...otherRoutes } = termsRoutes
    const terms = new HouseFunction(this, 'Terms', { foundation: house, handler: 'terms/terms' })
    house.documents.letWrite(terms)
    house.files.letAdd(terms, 'terms')
    for (const route of Object.values(otherRoutes)) house.api.route(route, terms)

    const acceptTerms = new HouseFunction(this, 'AcceptTerms', {
      foundation: house,
      handler: 'terms/accept-terms',
    })
    house.documents.letWrite(acceptTerms)
    house.api.route(listAcceptances, acceptTerms)
    house.api.route(acceptRoute, acceptTerms)
  }
}
