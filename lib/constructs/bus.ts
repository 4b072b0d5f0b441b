import { EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import type { HouseFunction } from './house-function.ts'
import type { HouseQueue } from './house-queue.ts'

/** What happens in Drawdown, as the bus names it. */
export type EventName =
  | 'account.closed'
  | 'account.parked'
  | 'account.reopened'
  | 'auto_top_up.cap_reached'
  | 'auto_top_up.disabled'
  | 'auto_top_up.paused'
  | 'auto_top_up.resumed'
  | 'auto_top_up.switched_off'
  | 'auto_top_up.switched_on'
  | 'balance.low'
  | 'card.changed'
  | 'card.chosen'
  | 'card.expiring'
  | 'card.removed'
  | 'card.saved'
  | 'charge.made'
  | 'charge.refunded'
  | 'credit.expired'
  | 'credit.expiring'
  | 'credit.given'
  | 'dispute.closed'
  | 'dispute.inquiry'
  | 'dispute.lost'
  | 'dispute.opened'
  | 'dispute.won'
  | 'entry.reversed'
  | 'lots.raised'
  | 'plan.automatic_top_up_expected'
  | 'plan.charged'
  | 'plan.changed'
  | 'plan.price_change'
  | 'plan.short'
  | 'plan.warning'
  | 'plan.warning_withdrawn'
  | 'plan.reminder'
  | 'service.suspended'
  | 'service.resumed'
  | 'privacy.deadline_near'
  | 'privacy.erased'
  | 'privacy.export_ready'
  | 'privacy.extended'
  | 'ring_fence.changed'
  | 'session.authorised'
  | 'session.ended'
  | 'terms.published'
  | 'terms.reminder'
  | 'top_up.created'
  | 'top_up.expired'
  | 'top_up.failed'
  | 'top_up.mismatched'
  | 'top_up.paid_twice'
  | 'top_up.processing'
  | 'top_up.settled'
  | 'top_up_refund.asked'
  | 'top_up_refund.awaiting_approval'
  | 'top_up_refund.failed'
  | 'top_up_refund.rejected'
  | 'top_up_refund.succeeded'
  | 'usage.deducted'
  | 'usage.parked'
  | 'usage.reconciled'
  | 'usage.refused'

const source = 'drawdown'

/** The bus on which everything that happened is told: to Drawdown's own queues, and to the operator's systems. */
export class Bus extends Construct {
  private readonly bus: EventBus

  constructor(scope: Construct, id: string, stage: string) {
    super(scope, id)
    this.bus = new EventBus(this, 'Bus', {
      // Named, because the operator's own systems put their rules on it.
      eventBusName: `drawdown-${stage}`,
      description: 'What happened in Drawdown',
    })
  }

  /** Injects EVENT_BUS and lets the function put events of ours, and of nobody else's name, on it. */
  letPut(producer: HouseFunction): void {
    producer.inject('EVENT_BUS', this.bus.eventBusName)
    producer.allow(['events:PutEvents'], [this.bus.eventBusArn], {
      StringEquals: { 'events:source': source },
    })
  }

  /** Sends these events, whole, to a queue; what can't be delivered goes to the queue's own dead letters. */
  deliver(events: EventName[], queue: HouseQueue): void {
    this.addRule(events, queue, undefined)
  }

  /** Sends `{"accountId": …}` of these events to a queue whose messages name an account and no more. */
  deliverAccount(events: EventName[], queue: HouseQueue): void {
    this.addRule(
      events,
      queue,
      RuleTargetInput.fromObject({ accountId: EventField.fromPath('$.detail.accountId') }),
    )
  }

  /** Sends what Amazon SES says of mail of one configuration set to a queue. It speaks on the account's default bus alone. */
  deliverMailEvents(detailTypes: string[], configurationSet: string, queue: HouseQueue): void {
    new Rule(queue, 'Rule', {
      eventPattern: {
        source: ['aws.ses'],
        detailType: detailTypes,
        detail: { mail: { tags: { 'ses:configuration-set': [configurationSet] } } },
      },
      targets: [new SqsQueue(queue.queue, { deadLetterQueue: queue.deadLetters.queue })],
    })
  }

  private addRule(events: EventName[], queue: HouseQueue, message: RuleTargetInput | undefined): void {
    new Rule(queue, 'Rule', {
      eventBus: this.bus,
      eventPattern: { source: [source], detailType: events },
      targets: [new SqsQueue(queue.queue, { deadLetterQueue: queue.deadLetters.queue, message })],
    })
  }
}
