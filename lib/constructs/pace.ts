import { FilterRule } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { followTable } from './follow-table.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

/** How fast usage takes an account's credit: counted day by day, from the ledger's stream. */
export class Pace extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const countUsage = new HouseFunction(this, 'CountUsage', {
      foundation: house,
      handler: 'pace/count-usage',
      timeoutSeconds: 60,
    })
    house.ledger.letRead(countUsage)
    house.documents.letWrite(countUsage)
    followTable(this, {
      house,
      table: house.ledger,
      follower: countUsage,
      filter: {
        eventName: FilterRule.isEqual('INSERT'),
        dynamodb: {
          NewImage: {
            sk: { S: FilterRule.beginsWith('ENTRY#') },
            // What usage may follow from, or is given back by: `KINDS_OF_USAGE` of functions/pace.
            kind: { S: FilterRule.or('usage', 'capture', 'charge', 'refund', 'reversal') },
          },
        },
      },
      failure: 'usage was not counted for the pace of its account',
      lag: 'usage is counted more than 5 minutes late: projections and warnings know less of it',
    })
  }
}
