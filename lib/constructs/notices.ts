import { ArnFormat, Duration, Stack } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
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
import { noticeRoutes } from '../../functions/notices/notices.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'

/** Telling people: when credit runs low, and by e-mail what a client must know. */
export class Notices extends Construct {
  /** Injects the sender and the configuration set, for mail from that one address. */
  readonly letSend: (sender: HouseFunction) => void

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
    sendNotice.inject('PACED_MAIL_MILLISECONDS', String(pacedMailMilliseconds(house)))
    const { letSend, configurationSetName } = this.addSender(house)
    this.letSend = letSend
    letSend(sendNotice)
    this.addMailEvents(house, configurationSetName)
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
    // What many are told at once: it neither holds up what one is told, nor sends faster than the provider takes.
    const pacedQueue = new HouseQueue(this, 'PacedNoticeQueue', {
      foundation: house,
      carries: 'notices to many',
      consumer: sendNotice,
      batchSize: 5,
      mostAtOnce: PACED_SENDERS,
      // A day of tries: what the provider's quota of a day turns down is sent on the next.
      deliveries: 240,
      longestWait: Duration.hours(12),
    })
    house.bus.deliver(['terms.published', 'terms.reminder'], pacedQueue)
  }

  /** Addresses that mail came back from, or that called it spam, are noted; staff may have them written to again. */
  private addMailEvents(house: House, configurationSet: string): void {
    const noteUndelivered = new HouseFunction(this, 'NoteUndelivered', {
      foundation: house,
      handler: 'notices/note-undelivered',
    })
    house.documents.letWrite(noteUndelivered)
    const queue = new HouseQueue(this, 'UndeliveredQueue', {
      foundation: house,
      carries: 'bounces and complaints',
      consumer: noteUndelivered,
      batchSize: 10,
    })
    house.bus.deliverMailEvents(['Email Bounced', 'Email Complaint Received'], configurationSet, queue)

    const emailStatus = new HouseFunction(this, 'EmailStatus', {
      foundation: house,
      handler: 'notices/email-status',
    })
    house.documents.letWrite(emailStatus)
    emailStatus.allow(['ses:DeleteSuppressedDestination'], ['*'])
    emailStatus.acknowledgeWildcard(
      '*',
      'The suppression list is one for the AWS account and region, without a name.',
    )
    house.api.route(noticeRoutes.clearEmailStatus, emailStatus)
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
   * The sender and the configuration set of all mail, and how a function gets them. SES sends over TLS or not at all, and
   * tells the operator of each bounce and complaint, by the topic of the alarms: that client has not been warned. It tells the
   * default bus as well.
   */
  private addSender(house: House): {
    letSend: (sender: HouseFunction) => void
    configurationSetName: string
  } {
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
    configurationSet.addEventDestination('Addresses', {
      destination: EventDestination.eventBus(EventBus.fromEventBusName(this, 'DefaultBus', 'default')),
      events: [EmailSendingEvent.BOUNCE, EmailSendingEvent.COMPLAINT],
    })
    // A domain is an identity once per AWS account and region: another stage, or the operator, may have made it already.
    const identity =
      senderIdentity === 'existing'
        ? EmailIdentity.fromEmailIdentityName(this, 'Sender', senderDomain)
        : new EmailIdentity(this, 'Sender', { identity: Identity.domain(senderDomain), configurationSet })
    const configurationSetArn = Stack.of(this).formatArn({
      service: 'ses',
      resource: 'configuration-set',
      resourceName: configurationSet.configurationSetName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    })
    const { configurationSetName } = configurationSet
    const letSend = (sender: HouseFunction) => {
      sender.inject('SENDER_ADDRESS', senderAddress)
      sender.inject('MAIL_CONFIGURATION_SET', configurationSetName)
      sender.allow(['ses:SendEmail', 'ses:SendRawEmail'], [identity.emailIdentityArn, configurationSetArn], {
        StringEquals: { 'ses:FromAddress': senderAddress },
      })
    }
    return { letSend, configurationSetName }
  }
}

/** SQS lets no fewer than two run at once. */
const PACED_SENDERS = 2

/** How long an e-mail to many takes at least, so that all senders together keep to the configured rate. */
function pacedMailMilliseconds({ configuration }: House): number {
  return Math.ceil((PACED_SENDERS * 1000) / configuration.pacedMailsPerSecond)
}
