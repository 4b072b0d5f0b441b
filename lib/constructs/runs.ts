import { Construct } from 'constructs'
import { runRoutes } from '../../functions/runs/runs.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'

/**
 * So many segments are charged at once at most, 20 accounts in each: what ten million accounts in 45 minutes take several
 * times over, and still far from what tables and the AWS account's concurrency have for everybody else.
 */
const SEGMENTS_AT_ONCE = 50

/**
 * The charge of a month for all accounts: what is due goes to a queue in segments of some hundred accounts, and when all are
 * done, everything is looked over. Staff see how far it has come.
 */
export class Runs extends Construct {
  constructor(scope: Construct, id: string, house: House, findDue: HouseFunction) {
    super(scope, id)
    this.addChargeSegment(house).letSend(findDue, 'SEGMENT_QUEUE_URL')
    this.addScanRun(house).letSend(findDue, 'SCAN_QUEUE_URL')

    const runs = new HouseFunction(this, 'Runs', {
      foundation: house,
      handler: 'runs/runs',
      timeoutSeconds: 29,
      memoryMegabytes: 1024,
    })
    house.documents.letRead(runs)
    for (const route of Object.values(runRoutes)) house.api.route(route, runs)
  }

  private addChargeSegment(house: House): HouseQueue {
    const chargeSegment = new HouseFunction(this, 'ChargeSegment', {
      foundation: house,
      handler: 'runs/charge-segment',
      timeoutSeconds: 300,
      // A whole core: it charges many accounts at once.
      memoryMegabytes: 1769,
      // What it has no time for goes on in a further message.
      sendsToItself: true,
    })
    house.ledger.letPost(chargeSegment)
    house.documents.letWrite(chargeSegment)
    chargeSegment.inject('PLAN_GRACE_DAYS', String(house.configuration.planGraceDays))
    const queue = new HouseQueue(this, 'SegmentQueue', {
      foundation: house,
      carries: 'segments of a monthly run',
      consumer: chargeSegment,
      batchSize: 1,
      mostAtOnce: SEGMENTS_AT_ONCE,
    })
    queue.letSend(chargeSegment, 'SEGMENT_QUEUE_URL')
    return queue
  }

  private addScanRun(house: House): HouseQueue {
    const scanRun = new HouseFunction(this, 'ScanRun', {
      foundation: house,
      handler: 'runs/scan-run',
      timeoutSeconds: 300,
      memoryMegabytes: 1024,
      sendsToItself: true,
    })
    house.ledger.letRead(scanRun)
    house.documents.letWrite(scanRun)
    scanRun.ringWhenLogged(house, 'RunDoesNotClose', {
      message: 'run does not close',
      meaning:
        'the closing scan of a month found accounts that were left out or charged twice: see docs/operations.md',
    })
    const queue = new HouseQueue(this, 'ScanQueue', {
      foundation: house,
      carries: 'closing scans of monthly runs',
      consumer: scanRun,
      batchSize: 1,
    })
    queue.letSend(scanRun, 'SCAN_QUEUE_URL')
    return queue
  }
}
