import { Construct } from 'constructs'
import { planChangeRoutes, planRoutes } from '../../functions/plans/plans.routes.ts'
import { ringFenceRoutes } from '../../functions/ring-fence/ring-fence.routes.ts'
import { changesWarnings, settlesWhatIsOwed } from './event-triggers.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'
import { HouseSchedule } from './house-schedule.ts'

/**
 * Monthly fees. Each hour whatever account is due, by its own calendar, goes to a queue: one charges a month, the other
 * warns of a shortfall. A raise of the balance goes to both as well: it may settle what is owed, and fund what was warned of.
 */
export class Plans extends Construct {
  /** Finds all that is due by the calendar, of plans and of credit that expires. */
  readonly findDue: HouseFunction

  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const plans = new HouseFunction(this, 'Plans', { foundation: house, handler: 'plans/plans' })
    house.documents.letWrite(plans)
    house.ledger.letRead(plans)
    house.waiting.letRead(plans)
    plans.inject('PRICE_CHANGE_NOTICE_DAYS', String(house.configuration.priceChangeNoticeDays))
    house.payments.letRead(plans)
    for (const route of Object.values(planRoutes)) house.api.route(route, plans)

    const changePlan = new HouseFunction(this, 'ChangePlan', {
      foundation: house,
      handler: 'plans/change-plan',
    })
    house.ledger.letPost(changePlan)
    house.documents.letWrite(changePlan)
    changePlan.inject('PLAN_GRACE_DAYS', String(house.configuration.planGraceDays))
    for (const route of Object.values(planChangeRoutes)) house.api.route(route, changePlan)

    const ringFence = new HouseFunction(this, 'RingFence', {
      foundation: house,
      handler: 'ring-fence/ring-fence',
    })
    // Whoever sets credit aside has it set aside when they are answered.
    house.ledger.letPost(ringFence)
    house.documents.letWrite(ringFence)
    ringFence.inject('PLAN_GRACE_DAYS', String(house.configuration.planGraceDays))
    for (const route of Object.values(ringFenceRoutes)) house.api.route(route, ringFence)

    const chargeQueue = this.addChargeMonth(house)
    const warningQueue = this.addWarnShortfall(house)

    this.findDue = new HouseFunction(this, 'FindDue', {
      foundation: house,
      handler: 'plans/find-due',
      // On the first it writes a segment for each 500 accounts.
      timeoutSeconds: 900,
      memoryMegabytes: 1024,
    })
    // It writes down what of a month's run goes where.
    house.documents.letWrite(this.findDue)
    chargeQueue.letSend(this.findDue, 'CHARGE_QUEUE_URL')
    warningQueue.letSend(this.findDue, 'WARNING_QUEUE_URL')
    new HouseSchedule(this, 'EveryHour', {
      foundation: house,
      description: 'Finds accounts for which something is due',
      expression: 'cron(0 * * * ? *)',
      target: this.findDue,
    })
  }

  private addChargeMonth(house: House): HouseQueue {
    const chargeMonth = new HouseFunction(this, 'ChargeMonth', {
      foundation: house,
      handler: 'plans/charge-month',
      timeoutSeconds: 60,
    })
    house.ledger.letPost(chargeMonth)
    house.documents.letWrite(chargeMonth)
    house.bus.letPut(chargeMonth)
    chargeMonth.inject('PORTAL_URL', house.configuration.portalUrl)
    chargeMonth.inject('PLAN_GRACE_DAYS', String(house.configuration.planGraceDays))
    const chargeQueue = new HouseQueue(this, 'ChargeQueue', {
      foundation: house,
      carries: 'monthly charges',
      consumer: chargeMonth,
      batchSize: 10,
    })
    house.bus.deliverAccount([...settlesWhatIsOwed], chargeQueue)
    return chargeQueue
  }

  private addWarnShortfall(house: House): HouseQueue {
    const warnShortfall = new HouseFunction(this, 'WarnShortfall', {
      foundation: house,
      handler: 'plans/warn-shortfall',
      timeoutSeconds: 60,
    })
    house.ledger.letRead(warnShortfall)
    house.waiting.letRead(warnShortfall)
    house.documents.letWrite(warnShortfall)
    house.payments.letRead(warnShortfall)
    house.bus.letPut(warnShortfall)
    warnShortfall.inject('PORTAL_URL', house.configuration.portalUrl)
    const warningQueue = new HouseQueue(this, 'WarningQueue', {
      foundation: house,
      carries: 'warnings of a shortfall',
      consumer: warnShortfall,
      batchSize: 10,
    })
    house.bus.deliverAccount([...changesWarnings], warningQueue)
    return warningQueue
  }
}
