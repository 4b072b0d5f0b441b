import { Construct } from 'constructs'
import { usageRoutes } from '../../functions/usage/usage.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'

/**
 * Usage is taken into a FIFO queue with the account as message group, so that one worker at a time posts an account's
 * events, in order; accounts are worked off side by side.
 */
export class Usage extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const deductUsage = new HouseFunction(this, 'DeductUsage', {
      foundation: house,
      handler: 'usage/deduct-usage',
      timeoutSeconds: 60,
      // Rate decks are kept in memory between batches.
      memoryMegabytes: 1024,
    })
    house.ledger.letPost(deductUsage)
    house.usage.letMark(deductUsage)
    // The record of a session is noted in its hold.
    house.documents.letWrite(deductUsage)
    house.files.letRead(deductUsage, 'rate-decks')
    const usageQueue = new HouseQueue(this, 'UsageQueue', {
      foundation: house,
      carries: 'usage events',
      consumer: deductUsage,
      batchSize: 10,
      fifo: true,
    })

    const takeUsage = new HouseFunction(this, 'TakeUsage', { foundation: house, handler: 'usage/take-usage' })
    house.documents.letRead(takeUsage)
    // Numbered events are held against how far their source has come.
    house.ledger.letRead(takeUsage)
    house.usage.letRead(takeUsage)
    house.waiting.letRead(takeUsage)
    usageQueue.letSend(takeUsage, 'USAGE_QUEUE_URL')
    house.api.route(usageRoutes.takeUsage, takeUsage)

    const readUsage = new HouseFunction(this, 'ReadUsage', { foundation: house, handler: 'usage/read-usage' })
    house.usage.letRead(readUsage)
    house.documents.letRead(readUsage)
    house.ledger.letRead(readUsage)
    house.waiting.letRead(readUsage)
    house.api.route(usageRoutes.findUsage, readUsage)
    house.api.route(usageRoutes.readUsage, readUsage)
    house.api.route(usageRoutes.listUsageSources, readUsage)

    const releaseGap = new HouseFunction(this, 'ReleaseGap', {
      foundation: house,
      handler: 'usage/release-gap',
      timeoutSeconds: 29,
      memoryMegabytes: 1024,
    })
    house.ledger.letPost(releaseGap)
    house.usage.letMark(releaseGap)
    house.documents.letWrite(releaseGap)
    house.files.letRead(releaseGap, 'rate-decks')
    house.api.route(usageRoutes.releaseGap, releaseGap)

    deductUsage.ringWhenLogged(house, 'Gap', {
      message: 'a source waits for missing numbers',
      meaning: 'a source waits for a missing number of its events: what comes after it is not deducted',
    })
  }
}
