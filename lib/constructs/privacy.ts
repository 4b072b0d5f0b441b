import { Construct } from 'constructs'
import { privacyRoutes } from '../../functions/privacy/privacy.routes.ts'
import { ExportsBucket } from './exports-bucket.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'
import { HouseSchedule } from './house-schedule.ts'
import { letUseStripe } from './stripe-secret.ts'

/** What people may ask of the data that is held on them, and the end of what has had its time. */
export class Privacy extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const exports = new ExportsBucket(this, 'Exports', house.configuration)
    const queue = this.addWork(house, exports)

    const privacy = new HouseFunction(this, 'Privacy', { foundation: house, handler: 'privacy/privacy' })
    house.documents.letWrite(privacy)
    // An account is closed by its owner, or to be erased.
    house.ledger.letPark(privacy)
    exports.letRead(privacy)
    queue.letSend(privacy, 'PRIVACY_QUEUE_URL')
    for (const route of Object.values(privacyRoutes)) house.api.route(route, privacy)

    this.addTending(house, queue)
  }

  private addWork(house: House, exports: ExportsBucket): HouseQueue {
    const work = new HouseFunction(this, 'WorkOnRequest', {
      foundation: house,
      handler: 'privacy/work-on-request',
      timeoutSeconds: 300,
      // A group of rows and a part of an archive at a time.
      memoryMegabytes: 1024,
      // What it has no time for goes on in a further message.
      sendsToItself: true,
    })
    house.ledger.letEraseUsage(work)
    house.usage.letErase(work)
    house.waiting.letErase(work)
    house.documents.letWrite(work)
    house.payments.letWrite(work)
    house.bus.letPut(work)
    exports.letWrite(work)
    letUseStripe(work, house)
    work.inject('PORTAL_URL', house.configuration.portalUrl)
    work.inject('USAGE_DETAIL_DAYS', String(house.configuration.usageDetailDays))
    const queue = new HouseQueue(this, 'Queue', {
      foundation: house,
      carries: 'privacy requests and retention',
      consumer: work,
      batchSize: 1,
      mostAtOnce: 5,
    })
    queue.letSend(work, 'PRIVACY_QUEUE_URL')
    return queue
  }

  private addTending(house: House, queue: HouseQueue): void {
    const tend = new HouseFunction(this, 'TendPrivacy', {
      foundation: house,
      handler: 'privacy/tend-privacy',
      timeoutSeconds: 300,
    })
    house.documents.letWrite(tend)
    house.bus.letPut(tend)
    queue.letSend(tend, 'PRIVACY_QUEUE_URL')
    tend.ringWhenLogged(house, 'NearDeadline', {
      message: 'privacy request is near its deadline',
      meaning:
        'a privacy request is due within seven days: GET /v1/staff/privacy-requests, and docs/operations.md',
    })
    new HouseSchedule(this, 'EveryHour', {
      foundation: house,
      description: 'Goes on with privacy requests, watches their deadlines, and begins the day’s retention',
      expression: 'cron(0 * * * ? *)',
      target: tend,
    })
  }
}
