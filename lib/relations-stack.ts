import { Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Announcements } from './constructs/announcements.ts'
import { Consents } from './constructs/consents.ts'
import type { House } from './constructs/house.ts'
import type { Notices } from './constructs/notices.ts'
import { Privacy } from './constructs/privacy.ts'

export interface RelationsStackProps extends StackProps {
  readonly house: House
  readonly notices: Notices
}

/** What clients are told and asked beside their money: a line per capability, as in the main stack, on whose API and bus it hangs. */
export class RelationsStack extends Stack {
  constructor(scope: Construct, id: string, { house, notices, ...props }: RelationsStackProps) {
    super(scope, id, {
      ...props,
      terminationProtection: house.configuration.removalPolicy === 'retain',
    })
    new Privacy(this, 'Privacy', house) // people get what is held on them, or have it erased; and what has had its time ends
    const consents = new Consents(this, 'Consents', house) // what people want to be written to about, and withdrawing it
    new Announcements(this, 'Announcements', { house, notices, withdrawalKey: consents.key }) // banners, e-mails to many, webinars
  }
}
