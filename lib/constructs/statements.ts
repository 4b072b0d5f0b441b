import { Construct } from 'constructs'
import { statementRoutes } from '../../functions/statements/statements.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** The balance and the history of an account: reads alone. */
export class Statements extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const statements = new HouseFunction(this, 'Statements', {
      foundation: house,
      handler: 'statements/statements',
      timeoutSeconds: 29,
    })
    house.ledger.letRead(statements)
    house.waiting.letRead(statements)
    house.documents.letRead(statements)
    house.usage.letRead(statements)
    house.payments.letRead(statements)
    for (const route of Object.values(statementRoutes)) house.api.route(route, statements)
  }
}
