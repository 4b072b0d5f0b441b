import { Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { House } from './constructs/house.ts'
import { Lots } from './constructs/lots.ts'
import { Pace } from './constructs/pace.ts'
import { Plans } from './constructs/plans.ts'
import { PriceChanges } from './constructs/price-changes.ts'
import { Runs } from './constructs/runs.ts'

/** Monthly fees, and what goes by the calendar: a line per capability, as in the main stack, on whose API and bus it hangs. */
export class PlansStack extends Stack {
  constructor(scope: Construct, id: string, { house, ...props }: StackProps & { readonly house: House }) {
    super(scope, id, {
      ...props,
      terminationProtection: house.configuration.removalPolicy === 'retain',
    })
    new Pace(this, 'Pace', house) // how fast usage takes the credit, day by day
    const plans = new Plans(this, 'Plans', house) // monthly fees: charged on the first, warned of five days before
    new Runs(this, 'Runs', house, plans.findDue) // the charge of a month for everybody: in segments, counted, looked over
    new PriceChanges(this, 'PriceChanges', house, plans.findDue) // clients are told of new prices a month ahead
    new Lots(this, 'Lots', house, plans.findDue) // credit that expires: told of before, and taken in time
  }
}
