import { Construct } from 'constructs'
import { topUpRoutes } from '../../functions/top-up/top-up.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseSchedule } from './house-schedule.ts'
import { letUseStripe } from './stripe-secret.ts'

/** Paying in: a top-up is created here, paid at Stripe, and credited when Stripe says so in a signed event. */
export class TopUp extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const topUp = new HouseFunction(this, 'CreateTopUp', {
      foundation: house,
      handler: 'top-up/top-up',
      timeoutSeconds: 29,
    })
    house.documents.letRead(topUp)
    house.payments.letWrite(topUp)
    house.ledger.letRead(topUp)
    letUseStripe(topUp, house)
    topUp.inject('PORTAL_URL', house.configuration.portalUrl)
    house.api.route(topUpRoutes.createTopUp, topUp)

    const topUps = new HouseFunction(this, 'ReadTopUps', { foundation: house, handler: 'top-up/top-ups' })
    house.documents.letRead(topUps)
    house.payments.letRead(topUps)
    house.api.route(topUpRoutes.listTopUps, topUps)
    house.api.route(topUpRoutes.readTopUp, topUps)

    const receivePaymentEvent = new HouseFunction(this, 'ReceivePaymentEvent', {
      foundation: house,
      handler: 'top-up/receive-payment-event',
      // What an event says only in part is read at Stripe, which may take its time.
      timeoutSeconds: 29,
    })
    house.payments.letWrite(receivePaymentEvent)
    house.ledger.letPost(receivePaymentEvent)
    letUseStripe(receivePaymentEvent, house)
    house.api.route(topUpRoutes.receivePaymentEvent, receivePaymentEvent, {
      public: "Stripe has no token of ours: the function checks the event's signature before it reads it.",
    })
    this.addReconcilePayments(house)
  }

  /** What no event has told is asked for. */
  private addReconcilePayments(house: House): void {
    const reconcilePayments = new HouseFunction(this, 'ReconcilePayments', {
      foundation: house,
      handler: 'top-up/reconcile-payments',
      timeoutSeconds: 300,
    })
    house.payments.letWrite(reconcilePayments)
    house.ledger.letPost(reconcilePayments)
    letUseStripe(reconcilePayments, house)
    reconcilePayments.inject('PORTAL_URL', house.configuration.portalUrl)
    reconcilePayments.ringWhenLogged(house, 'Stuck', {
      message: 'payments are stuck',
      meaning: 'a payment or refund has been open for more than a day: see the log of reconcile-payments',
    })
    new HouseSchedule(this, 'EveryQuarterHour', {
      foundation: house,
      description: 'Asks the payment provider about payments that nobody told of',
      expression: 'cron(0,15,30,45 * * * ? *)',
      target: reconcilePayments,
    })
  }
}
