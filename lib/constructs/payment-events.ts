import { Construct } from 'constructs'
import type { House } from './house.ts'
import { TableEvents } from './table-events.ts'

/** Each change of a payment's status is told on the bus: of top-ups, refunds, disputes, cards and automatic top-up. */
export class PaymentEvents extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    new TableEvents(this, 'Payments', {
      house,
      table: house.payments,
      name: 'PublishPayments',
      handler: 'top-up/publish-payments',
      carries: 'changes of payments',
      eventNames: ['INSERT', 'MODIFY'],
      prefixes: ['TOP_UP#', 'REFUND#', 'DISPUTE#', 'CARDS', 'AUTO_TOP_UP'],
    })
  }
}
