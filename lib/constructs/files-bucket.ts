import { Duration, Stack, Validations } from 'aws-cdk-lib'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import type { DeployConfiguration } from '../deploy-configuration.ts'
import { removalPolicy } from './durable.ts'
import type { HouseFunction } from './house-function.ts'

/** The folders of the bucket, each of one capability. */
export type FilesFolder = 'rate-decks' | 'terms'

// S3's own keys: what is in here is price lists and terms, which clients may read anyway.
const guarded = {
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
}

/** Rate decks and the texts of terms: private, versioned, each read and write logged in a bucket of its own. */
export class FilesBucket extends Bucket {
  constructor(scope: Construct, id: string, configuration: DeployConfiguration) {
    const accessLogs = new Bucket(scope, `${id}AccessLogs`, {
      ...guarded,
      lifecycleRules: [{ expiration: Duration.days(Math.max(configuration.logRetentionDays, 30)) }],
      removalPolicy: removalPolicy(configuration),
    })
    Validations.of(accessLogs).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'This bucket holds the access logs of the other; logging reads of logs here would never end.',
    })
    super(scope, id, {
      ...guarded,
      versioned: true,
      serverAccessLogsBucket: accessLogs,
      removalPolicy: removalPolicy(configuration),
    })
  }

  /** Injects FILES_BUCKET for reading the files of one folder. */
  letRead(reader: HouseFunction, folder: FilesFolder): void {
    reader.inject('FILES_BUCKET', this.bucketName)
    reader.allow(['s3:GetObject'], [this.filesOf(reader, folder)])
  }

  /** Injects FILES_BUCKET for reading and adding the files of one folder; none can be removed. */
  letAdd(writer: HouseFunction, folder: FilesFolder): void {
    writer.inject('FILES_BUCKET', this.bucketName)
    writer.allow(['s3:GetObject', 's3:PutObject'], [this.filesOf(writer, folder)])
  }

  private filesOf(user: HouseFunction, folder: FilesFolder): string {
    // cdk-nag knows the bucket by the name under which its stack exports it.
    const stack = Stack.of(this)
    const exportName: string = stack.resolve(stack.exportValue(this.bucketArn))['Fn::ImportValue']
    user.acknowledgeWildcard(
      `${exportName}/${folder}/*`,
      `Names below ${folder}/ are data: they can't be known when the role is made.`,
    )
    return this.arnForObjects(`${folder}/*`)
  }
}
