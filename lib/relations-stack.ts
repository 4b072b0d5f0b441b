import { Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Consents } from './constructs/consents.ts'
import type { House } from './constructs/house.ts'
import { Privacy } from './constructs/privacy.ts'

/** What clients are told and asked beside their money: a line per capability, as in the main stack, on whose API and bus it hangs. */
export class RelationsStack extends Stack {
  constructor(scope: Construct, id: string, { house, ...props }: StackProps & { readonly house: House }) {
    super(scope, id, {
      ...props,
      terminationProtection: house.configuration.removalPolicy === 'retain',
    })
    new Privacy(this, 'Privacy', house) // people get what is held on them, or have it erased; and what has had its time ends
    new Consents(this, 'Consents', house) // what people want to be written to about, and withdrawing it
  }
}
