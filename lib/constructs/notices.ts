import { ArnFormat, Stack } from 'aws-cdk-lib'
import {
  ConfigurationSet,
  ConfigurationSetTlsPolicy,
  EmailIdentity,
  EmailSendingEvent,
  EventDestination,
  Identity,
  SuppressionReasons,
} from 'aws-cdk-lib/aws-ses'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'

/** Telling people: when credit runs low, and by e-mail what a client must know. */
export class Notices extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    this.addLowCreditAlert(house)
    const sendNotice = new HouseFunction(this, 'SendNotice', {
      foundation: house,
      handler: 'notices/send-notice',
      timeoutSeconds: 60,
    })
    house.documents.letWrite(sendNotice)
    house.ledger.letRead(sendNotice)
    sendNotice.inject('PORTAL_URL', house.configuration.portalUrl)
    this.letSendMail(sendNotice, house)
    const noticeQueue = new HouseQueue(this, 'NoticeQueue', {
      foundation: house,
      carries: 'notices',
      consumer: sendNotice,
      batchSize: 10,
    })
    house.bus.deliver(
      [
        'plan.warning',
        'plan.short',
        'plan.price_change',
        'plan.reminder',
        'service.suspended',
        'service.resumed',
        'balance.low',
        'top_up.settled',
        'usage.refused',
        'credit.expiring',
        'top_up_refund.succeeded',
        'top_up_refund.failed',
        'card.expiring',
        'dispute.opened',
        'dispute.lost',
        'dispute.won',
        'auto_top_up.paused',
        'auto_top_up.disabled',
        'auto_top_up.cap_reached',
        'privacy.export_ready',
        'privacy.extended',
        'privacy.erased',
      ],
      noticeQueue,
    )
  }

  private addLowCreditAlert(house: House): void {
    const alertLowCredit = new HouseFunction(this, 'AlertLowCredit', {
      foundation: house,
      handler: 'notices/alert-low-credit',
      timeoutSeconds: 60,
    })
    house.ledger.letRead(alertLowCredit)
    house.documents.letWrite(alertLowCredit)
    house.bus.letPut(alertLowCredit)
    const alertQueue = new HouseQueue(this, 'AlertQueue', {
      foundation: house,
      carries: 'checks for low credit',
      consumer: alertLowCredit,
      batchSize: 10,
    })
    // Whatever moves a balance: a raise counts too, because it lets the next dip ring again.
    house.bus.deliver(
      [
        'usage.deducted',
        'charge.made',
        'charge.refunded',
        'credit.expired',
        'plan.charged',
        'ring_fence.changed',
        'plan.changed',
        'service.resumed',
        'session.authorised',
        'session.ended',
        'top_up.settled',
        'dispute.opened',
        'dispute.lost',
        'dispute.won',
        'credit.given',
        'entry.reversed',
        'top_up_refund.asked',
        'top_up_refund.failed',
      ],
      alertQueue,
    )
  }

  /**
   * Injects the sender and the configuration set, for mail from that one address. SES sends over TLS or not at all, and
   * tells the operator of each bounce and complaint, by the topic of the alarms: that client has not been warned.
   */
  private letSendMail(sender: HouseFunction, house: House): void {
    const { senderAddress, senderIdentity } = house.configuration
    const senderDomain = senderAddress.split('@').at(-1)!
    const configurationSet = new ConfigurationSet(this, 'Mail', {
      tlsPolicy: ConfigurationSetTlsPolicy.REQUIRE,
      reputationMetrics: true,
      suppressionReasons: SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    })
    configurationSet.addEventDestination('Problems', {
      // By its ARN: the topic lets SES publish already, and must not come to depend on this stack.
      destination: EventDestination.snsTopic(
        Topic.fromTopicArn(this, 'Operator', house.alarms.topic.topicArn),
      ),
      events: [EmailSendingEvent.BOUNCE, EmailSendingEvent.COMPLAINT, EmailSendingEvent.REJECT],
    })
    // A domain is an identity once per AWS account and region: another stage, or the operator, may have made it already.
    const identity =
      senderIdentity === 'existing'
        ? EmailIdentity.fromEmailIdentityName(this, 'Sender', senderDomain)
        : new EmailIdentity(this, 'Sender', { identity: Identity.domain(senderDomain), configurationSet })
    sender.inject('SENDER_ADDRESS', senderAddress)
    sender.inject('MAIL_CONFIGURATION_SET', configurationSet.configurationSetName)
    const configurationSetArn = Stack.of(this).formatArn({
      service: 'ses',
      resource: 'configuration-set',
      resourceName: configurationSet.configurationSetName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    })
    sender.allow(['ses:SendEmail', 'ses:SendRawEmail'], [identity.emailIdentityArn, configurationSetArn], {
      StringEquals: { 'ses:FromAddress': senderAddress },
    })
  }
}
