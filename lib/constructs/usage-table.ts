import { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import type { DeployConfiguration } from '../deploy-configuration.ts'
import { durableTable } from './durable.ts'
import type { HouseFunction } from './house-function.ts'

/** What became of each usage event: its permanent marker, written in the transaction that moved the money. */
export class UsageTable extends TableV2 {
  constructor(scope: Construct, id: string, configuration: DeployConfiguration) {
    super(scope, id, durableTable(configuration))
  }

  /** Injects USAGE_TABLE for reading. */
  letRead(reader: HouseFunction): void {
    reader.inject('USAGE_TABLE', this.tableName)
    reader.allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'], [this.tableArn])
  }

  /** Injects USAGE_TABLE for taking out of markers what their events said; the markers stay. */
  letErase(eraser: HouseFunction): void {
    this.letRead(eraser)
    eraser.allow(['dynamodb:UpdateItem'], [this.tableArn])
  }

  /** Injects USAGE_TABLE for marking events within a ledger posting. */
  letMark(marker: HouseFunction): void {
    this.letRead(marker)
    marker.allow(['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'], [this.tableArn])
  }
}
