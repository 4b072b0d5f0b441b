import { Construct } from 'constructs'
import type { House } from './house.ts'
import { TableEvents } from './table-events.ts'

/** Each new entry of the ledger is told on the bus, and each change of an account's status. */
export class Events extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    new TableEvents(this, 'Ledger', {
      house,
      table: house.ledger,
      name: 'PublishEntries',
      handler: 'events/publish-entries',
      carries: 'ledger entries',
      eventNames: ['INSERT'],
      prefixes: ['ENTRY#', 'STATUS#', 'GAP#'],
    })
  }
}
