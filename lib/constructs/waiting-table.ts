import { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import type { DeployConfiguration } from '../deploy-configuration.ts'
import { durableTable } from './durable.ts'
import type { HouseFunction } from './house-function.ts'

/**
 * What waits beside the ledger until a posting takes it up: credit lots that HEAD has no room for, and numbered usage
 * behind a gap. A table of its own because here items go as well, and in the ledger's table none ever does.
 */
export class WaitingTable extends TableV2 {
  constructor(scope: Construct, id: string, configuration: DeployConfiguration) {
    super(scope, id, durableTable(configuration))
  }

  /** Injects WAITING_TABLE for reading. */
  letRead(reader: HouseFunction): void {
    reader.inject('WAITING_TABLE', this.tableName)
    reader.allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'], [this.tableArn])
  }

  /** Injects WAITING_TABLE for letting go what waits on an account that is closed. */
  letErase(eraser: HouseFunction): void {
    this.letRead(eraser)
    eraser.allow(['dynamodb:DeleteItem'], [this.tableArn])
  }

  /** Injects WAITING_TABLE for those that post. */
  letWrite(poster: HouseFunction): void {
    this.letRead(poster)
    poster.allow(
      ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem'],
      [this.tableArn],
    )
  }
}
