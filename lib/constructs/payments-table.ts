import { AttributeType, ProjectionType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import type { DeployConfiguration } from '../deploy-configuration.ts'
import { durableTable } from './durable.ts'
import type { HouseFunction } from './house-function.ts'

const indexNames = ['index1', 'index2']

/**
 * What becomes of payments: cards, automatic top-ups, top-ups, refunds and disputes. Its stream tells of each change, so
 * that no event hangs on a call after the write.
 */
export class PaymentsTable extends TableV2 {
  constructor(scope: Construct, id: string, configuration: DeployConfiguration) {
    super(scope, id, {
      ...durableTable(configuration),
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      globalSecondaryIndexes: indexNames.map((indexName) => ({
        indexName,
        partitionKey: { name: `${indexName}pk`, type: AttributeType.STRING },
        sortKey: { name: `${indexName}sk`, type: AttributeType.STRING },
        projectionType: ProjectionType.ALL,
      })),
    })
  }

  /** Injects PAYMENTS_TABLE for reading, by key and by the indexes. */
  letRead(reader: HouseFunction): void {
    reader.inject('PAYMENTS_TABLE', this.tableName)
    reader.allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem'], [this.tableArn])
    const indexes = indexNames.map((indexName) => `${this.tableArn}/index/${indexName}`)
    reader.allow(['dynamodb:Query'], [this.tableArn, ...indexes])
  }

  /** Injects PAYMENTS_TABLE for reading and writing; nobody may delete. */
  letWrite(writer: HouseFunction): void {
    this.letRead(writer)
    writer.allow(['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'], [this.tableArn])
  }

  /** Lets Lambda read the table's stream on behalf of the function. */
  letFollow(follower: HouseFunction): void {
    follower.allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      [this.tableStreamArn!],
    )
  }
}
