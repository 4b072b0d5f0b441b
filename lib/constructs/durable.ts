import { RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, Billing, TableEncryptionV2, type TablePropsV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { DeployConfiguration } from '../deploy-configuration.ts'

/** CloudFormation's word for the configuration's `removalPolicy`. */
export function removalPolicy(configuration: DeployConfiguration): RemovalPolicy {
  return configuration.removalPolicy === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY
}

/**
 * A table that survives: restorable to any second of 35 days and, unless the configuration says `destroy`, kept when
 * its stack goes and protected from being deleted by hand.
 *
 * Its key is the one that AWS manages for DynamoDB: each use shows in CloudTrail, and, other than a key of our own,
 * nobody can schedule it for deletion, which would be one more way to lose every balance.
 */
export function durableTable(configuration: DeployConfiguration): TablePropsV2 {
  return {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.awsManagedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 35 },
    deletionProtection: configuration.removalPolicy === 'retain',
    removalPolicy: removalPolicy(configuration),
  }
}
