import { Construct } from 'constructs'
import { evidenceRoutes, termsRoutes } from '../../functions/terms/terms.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'
import { HouseSchedule } from './house-schedule.ts'

/**
 * Publishing and reading terms; accepting them is a job of its own, with no right to the texts. What is published is told to the
 * clients that it concerns, at once and before it takes effect: an hourly look finds what is due, a queue goes over the accounts.
 */
export class Terms extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const { listAcceptances, acceptTerms: acceptRoute, ...otherRoutes } = termsRoutes
    const terms = new HouseFunction(this, 'Terms', { foundation: house, handler: 'terms/terms' })
    house.documents.letWrite(terms)
    house.files.letAdd(terms, 'terms')
    for (const route of Object.values(otherRoutes)) house.api.route(route, terms)

    const acceptTerms = new HouseFunction(this, 'AcceptTerms', {
      foundation: house,
      handler: 'terms/accept-terms',
    })
    house.documents.letWrite(acceptTerms)
    house.api.route(listAcceptances, acceptTerms)
    house.api.route(acceptRoute, acceptTerms)

    const evidence = new HouseFunction(this, 'Evidence', {
      foundation: house,
      handler: 'terms/terms-evidence',
      timeoutSeconds: 29,
      // Laying out a document with fonts is work for a processor, and memory buys it.
      memoryMegabytes: 1024,
    })
    house.ledger.letRead(evidence)
    house.documents.letRead(evidence)
    for (const route of Object.values(evidenceRoutes)) house.api.route(route, evidence)

    const tellings = this.addTelling(house)
    tellings.letSend(terms, 'TELLING_QUEUE_URL')
  }

  private addTelling(house: House): HouseQueue {
    const tellOfTerms = new HouseFunction(this, 'TellOfTerms', {
      foundation: house,
      handler: 'terms/tell-of-terms',
      timeoutSeconds: 120,
      // The rest of a round goes on in a further message.
      sendsToItself: true,
    })
    house.ledger.letRead(tellOfTerms)
    house.documents.letWrite(tellOfTerms)
    house.bus.letPut(tellOfTerms)
    tellOfTerms.inject('PORTAL_URL', house.configuration.portalUrl)
    const queue = new HouseQueue(this, 'TellingQueue', {
      foundation: house,
      carries: 'accounts to be told of terms',
      consumer: tellOfTerms,
      batchSize: 10,
    })
    queue.letSend(tellOfTerms, 'TELLING_QUEUE_URL')

    const findTellings = new HouseFunction(this, 'FindTellings', {
      foundation: house,
      handler: 'terms/find-tellings',
    })
    house.documents.letRead(findTellings)
    queue.letSend(findTellings, 'TELLING_QUEUE_URL')
    new HouseSchedule(this, 'EveryHour', {
      foundation: house,
      description: 'Finds terms that clients are to be told of',
      expression: 'cron(0 * * * ? *)',
      target: findTellings,
    })
    return queue
  }
}
