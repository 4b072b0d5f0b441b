import { StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import type { DeployConfiguration } from '../deploy-configuration.ts'
import { durableTable } from './durable.ts'
import type { HouseFunction } from './house-function.ts'
import type { WaitingTable } from './waiting-table.ts'

/** Balances, entries and keys. Nothing in it is ever deleted: no role may, and no role may scan it. What usage said is taken out of entries in time. */
export class LedgerTable extends TableV2 {
  readonly #waiting: WaitingTable

  constructor(scope: Construct, id: string, configuration: DeployConfiguration, waiting: WaitingTable) {
    super(scope, id, { ...durableTable(configuration), dynamoStream: StreamViewType.NEW_IMAGE })
    this.#waiting = waiting
  }

  /** Injects LEDGER_TABLE for reading. */
  letRead(reader: HouseFunction): void {
    reader.inject('LEDGER_TABLE', this.tableName)
    reader.allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'], [this.tableArn])
  }

  /**
   * Injects LEDGER_TABLE and WAITING_TABLE for posting: one transaction of puts, updates and condition checks, and the
   * reads before it.
   */
  letPost(poster: HouseFunction): void {
    this.letRead(poster)
    this.#waiting.letWrite(poster)
    poster.allow(['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'], [this.tableArn])
  }

  /** Injects LEDGER_TABLE for reading, and for writes of HEAD that post nothing: opening an account's ledger, changing its status. */
  letPark(parker: HouseFunction): void {
    this.letRead(parker)
    parker.allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [this.tableArn])
  }

  /** Injects LEDGER_TABLE for reading, and for taking personal data out of entries whose hash does not cover it. */
  letEraseUsage(eraser: HouseFunction): void {
    this.letRead(eraser)
    eraser.allow(['dynamodb:UpdateItem'], [this.tableArn])
  }

  /** Lets Lambda read the table's stream on behalf of the function. */
  letFollow(follower: HouseFunction): void {
    follower.allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      [this.tableStreamArn!],
    )
  }
}
