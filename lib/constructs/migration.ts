import { Construct } from 'constructs'
import { migrationRoutes } from '../../functions/migration/migration.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** What clients had paid to the billing before becomes credit: a file of many accounts, simulated first. */
export class Migration extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const giveMigrationCredits = new HouseFunction(this, 'GiveMigrationCredits', {
      foundation: house,
      handler: 'migration/give-migration-credits',
      // Up to 1,000 postings while the caller waits: a whole core, and all the time that the gateway gives.
      timeoutSeconds: 28,
      memoryMegabytes: 1792,
    })
    house.ledger.letPost(giveMigrationCredits)
    house.documents.letRead(giveMigrationCredits)
    house.api.route(migrationRoutes.giveMigrationCredits, giveMigrationCredits)
  }
}
