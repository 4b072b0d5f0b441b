import { CfnOutput, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Accounts } from './constructs/accounts.ts'
import { ringWhenThrottled } from './constructs/alarms.ts'
import { Bus } from './constructs/bus.ts'
import { Charges } from './constructs/charges.ts'
import { Credits } from './constructs/credits.ts'
import { Events } from './constructs/events.ts'
import { Holds } from './constructs/holds.ts'
import type { House } from './constructs/house.ts'
import { HttpApi } from './constructs/http-api.ts'
import { Migration } from './constructs/migration.ts'
import { Notices } from './constructs/notices.ts'
import { Portal } from './constructs/portal.ts'
import { Prices } from './constructs/prices.ts'
import { Proof } from './constructs/proof.ts'
import { Statements } from './constructs/statements.ts'
import { Terms } from './constructs/terms.ts'
import { Usage } from './constructs/usage.ts'
import type { DataStack, DataStackProps } from './data-stack.ts'

/**
 * READ FIRST. All that Drawdown does, a line per capability: each construct holds its functions, routes, queues,
 * schedules, grants and alarms. What they keep is in the data stack; plans and payments are in stacks of their own, because
 * CloudFormation takes 500 resources in one.
 */
export class DrawdownStack extends Stack {
  /** What further stacks hang their functions on. */
  readonly house: House
  /** By whose sender all mail goes. */
  readonly notices: Notices

  constructor(scope: Construct, id: string, props: DataStackProps & { readonly data: DataStack }) {
    super(scope, id, { ...props, terminationProtection: props.configuration.removalPolicy === 'retain' })
    const { configuration, bundlesFolder, data } = props
    const { alarms, ledger, usage, waiting, documents, payments, files, identity } = data
    const foundation = { configuration, bundlesFolder, alarms }
    ringWhenThrottled(this, alarms)
    const api = new HttpApi(this, 'HttpApi', { foundation, identity })
    const bus = new Bus(this, 'EventBus', configuration.stage)
    const records = { ledger, usage, waiting, documents, payments, files, identity }
    const house: House = { ...foundation, ...records, api, bus }
    this.house = house

    new Accounts(this, 'Accounts', house) // who is a client, and who acts for it
    new Credits(this, 'Credits', house) // credit is given; and wrong entries are reversed
    new Migration(this, 'Migration', house) // what was paid to the billing before, beyond a cut-over day, becomes credit
    new Prices(this, 'Prices', house) // what a service costs, from when on
    new Usage(this, 'Usage', house) // usage is taken, rated and deducted in order
    new Charges(this, 'Charges', house) // or deducted at once, while the caller waits
    new Holds(this, 'Holds', house) // or set aside for a live session, then captured
    new Statements(this, 'Statements', house) // the balance, and every line that led to it
    new Proof(this, 'Proof', house) // the books are checked each night; whoever likes checks a statement
    new Events(this, 'Events', house) // each ledger entry becomes an event on the bus
    this.notices = new Notices(this, 'Notices', house) // some of them become an e-mail
    new Terms(this, 'Terms', house) // what clients agree to
    new Portal(this, 'Portal', house) // pages that anyone may read

    new CfnOutput(this, 'ApiUrl', {
      value: api.url,
    })
  }
}
