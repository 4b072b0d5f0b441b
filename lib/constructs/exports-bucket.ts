import { Duration, Stack, Validations } from 'aws-cdk-lib'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { EXPORT_DAYS } from '../../functions/privacy/privacy.routes.ts'
import type { DeployConfiguration } from '../deploy-configuration.ts'
import { removalPolicy } from './durable.ts'
import type { HouseFunction } from './house-function.ts'

/** Exports of what is held on clients and people: private, and gone after a week. No versions, so that what is deleted is gone. */
export class ExportsBucket extends Bucket {
  constructor(scope: Construct, id: string, configuration: DeployConfiguration) {
    super(scope, id, {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        { expiration: Duration.days(EXPORT_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: removalPolicy(configuration),
    })
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Who fetched an export is recorded with its request; access logs would keep who it is about for longer.',
    })
  }

  /** Injects EXPORTS_BUCKET for reading: an address that is signed for a file gives no more than the signer may. */
  letRead(reader: HouseFunction): void {
    reader.inject('EXPORTS_BUCKET', this.bucketName)
    reader.allow(['s3:GetObject'], [this.filesOf(reader)])
  }

  /** Injects EXPORTS_BUCKET for writing archives part by part, and for deleting them. */
  letWrite(writer: HouseFunction): void {
    this.letRead(writer)
    writer.allow(['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'], [this.filesOf(writer)])
    // Without it, S3 says of a file that is not there that it may not be read.
    writer.allow(['s3:ListBucket'], [this.bucketArn])
  }

  private filesOf(user: HouseFunction): string {
    const name = Stack.of(this).getLogicalId(this.node.defaultChild as never)
    user.acknowledgeWildcard(
      `<${name}.Arn>/exports/*`,
      'Names below exports/ are data: they can’t be known when the role is made.',
    )
    return this.arnForObjects('exports/*')
  }
}
