import { AttributeType, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import type { DeployConfiguration } from '../deploy-configuration.ts'
import { durableTable } from './durable.ts'
import type { HouseFunction } from './house-function.ts'

const indexName = 'index1'

/** Accounts, members, prices, plans, top-ups, terms, notices: all that is no balance and no entry. */
export class DocumentsTable extends TableV2 {
  constructor(scope: Construct, id: string, configuration: DeployConfiguration) {
    super(scope, id, {
      ...durableTable(configuration),
      globalSecondaryIndexes: [
        {
          indexName,
          partitionKey: { name: `${indexName}pk`, type: AttributeType.STRING },
          sortKey: { name: `${indexName}sk`, type: AttributeType.STRING },
          projectionType: ProjectionType.ALL,
        },
      ],
    })
  }

  /** Injects DOCUMENTS_TABLE for reading, by key and by the index; a posting may check a condition on a document. */
  letRead(reader: HouseFunction): void {
    reader.inject('DOCUMENTS_TABLE', this.tableName)
    reader.allow(
      ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:ConditionCheckItem'],
      [this.tableArn],
    )
    reader.allow(['dynamodb:Query'], [this.tableArn, `${this.tableArn}/index/${indexName}`])
  }

  /** Injects DOCUMENTS_TABLE for reading and writing. */
  letWrite(writer: HouseFunction): void {
    this.letRead(writer)
    writer.allow(['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'], [this.tableArn])
  }
}
