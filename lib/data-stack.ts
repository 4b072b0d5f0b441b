import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Alarms } from './constructs/alarms.ts'
import { DocumentsTable } from './constructs/documents-table.ts'
import { removalPolicy } from './constructs/durable.ts'
import { FilesBucket } from './constructs/files-bucket.ts'
import type { Foundation } from './constructs/foundation.ts'
import type { Records } from './constructs/house.ts'
import { Identity } from './constructs/identity.ts'
import { LedgerTable } from './constructs/ledger-table.ts'
import { PaymentsTable } from './constructs/payments-table.ts'
import { UsageTable } from './constructs/usage-table.ts'
import { WaitingTable } from './constructs/waiting-table.ts'
import type { DeployConfiguration } from './deploy-configuration.ts'

export interface DataStackProps extends StackProps {
  readonly configuration: DeployConfiguration
  readonly bundlesFolder: string
}

/** What must survive any deployment of the functions: tables, files, people's identities, and who hears alarms. */
export class DataStack extends Stack implements Foundation, Records {
  readonly configuration: DeployConfiguration
  readonly bundlesFolder: string
  readonly alarms: Alarms
  readonly ledger: LedgerTable
  readonly usage: UsageTable
  readonly waiting: WaitingTable
  readonly documents: DocumentsTable
  readonly payments: PaymentsTable
  readonly files: FilesBucket
  readonly identity: Identity

  constructor(scope: Construct, id: string, props: DataStackProps) {
    const { configuration, bundlesFolder } = props
    super(scope, id, { ...props, terminationProtection: configuration.removalPolicy === 'retain' })
    this.configuration = configuration
    this.bundlesFolder = bundlesFolder
    this.alarms = new Alarms(this, 'Alarms', {
      email: configuration.alarmEmail,
      removalPolicy: removalPolicy(configuration),
    })
    this.waiting = new WaitingTable(this, 'WaitingTable', configuration)
    this.ledger = new LedgerTable(this, 'LedgerTable', configuration, this.waiting)
    this.usage = new UsageTable(this, 'UsageTable', configuration)
    this.documents = new DocumentsTable(this, 'DocumentsTable', configuration)
    this.payments = new PaymentsTable(this, 'PaymentsTable', configuration)
    this.files = new FilesBucket(this, 'FilesBucket', configuration)
    this.identity = new Identity(this, 'Identity', this)
    new CfnOutput(this, 'TokenIssuer', { value: this.identity.issuer })
    new CfnOutput(this, 'PortalClientId', { value: this.identity.portalClientId })
  }
}
