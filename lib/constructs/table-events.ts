import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { FilterRule } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { followTable } from './follow-table.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'

export interface TableEventsProps {
  readonly house: House
  readonly table: TableV2 & { letFollow(follower: HouseFunction): void }
  /** The function that publishes, by name and handler. */
  readonly name: string
  readonly handler: string
  /** What is published, for the alarms. */
  readonly carries: string
  /** The changes that are told: how they came about, and how their sort keys begin. */
  readonly eventNames: string[]
  readonly prefixes: string[]
}

/**
 * A table's items are the outbox: what is told of each, read from the table's stream in the order of its account, goes on
 * the bus.
 */
export class TableEvents extends Construct {
  constructor(scope: Construct, id: string, props: TableEventsProps) {
    super(scope, id)
    const { house, table, carries } = props
    const publish = new HouseFunction(this, props.name, {
      foundation: house,
      handler: props.handler,
      timeoutSeconds: 60,
    })
    house.bus.letPut(publish)
    followTable(this, {
      house,
      table,
      follower: publish,
      // One filter for all prefixes: Lambda takes five in a mapping.
      filter: {
        eventName: FilterRule.or(...props.eventNames),
        dynamodb: { NewImage: { sk: { S: props.prefixes.flatMap(FilterRule.beginsWith) } } },
      },
      failure: `${carries} were not published`,
      lag: `${carries} are published more than 5 minutes late: alerts and settlements wait`,
    })
  }
}
