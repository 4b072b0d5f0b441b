import { Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { AutoTopUp } from './constructs/auto-top-up.ts'
import { Cards } from './constructs/cards.ts'
import { Disputes } from './constructs/disputes.ts'
import type { House } from './constructs/house.ts'
import { PaymentEvents } from './constructs/payment-events.ts'
import { PaymentExceptions } from './constructs/payment-exceptions.ts'
import { Refunds } from './constructs/refunds.ts'
import { TopUp } from './constructs/top-up.ts'

/** Money in, and back: a line per capability, as in the main stack, on whose API and bus it hangs. */
export class PaymentsStack extends Stack {
  constructor(scope: Construct, id: string, { house, ...props }: StackProps & { readonly house: House }) {
    super(scope, id, {
      ...props,
      terminationProtection: house.configuration.removalPolicy === 'retain',
    })
    new Cards(this, 'Cards', house) // what accounts pay with
    new TopUp(this, 'TopUp', house) // payments raise a balance
    new Refunds(this, 'Refunds', house) // and go back to their cards
    new Disputes(this, 'Disputes', house) // a card's bank wants a payment back
    new PaymentExceptions(this, 'PaymentExceptions', house) // what staff have to look at
    new AutoTopUp(this, 'AutoTopUp', house) // credit tops itself up, as its client has agreed to
    new PaymentEvents(this, 'PaymentEvents', house) // each change of a payment becomes an event on the bus
  }
}
