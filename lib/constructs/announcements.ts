import { Construct } from 'constructs'
import {
  announcementRoutes,
  staffAnnouncementRoutes,
} from '../../functions/announcements/announcements.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'
import { HouseSchedule } from './house-schedule.ts'
import type { Notices } from './notices.ts'
import type { WithdrawalKey } from './withdrawal-key.ts'

export interface AnnouncementsProps {
  readonly house: House
  /** Whose sender and configuration set all mail goes by. */
  readonly notices: Notices
  readonly withdrawalKey: WithdrawalKey
}

/**
 * What staff announce: banners that clients read, e-mails that go out page by page over a queue, and sign-ups. A schedule
 * finds each hour what is due in the next; messages wait in the queue until it is.
 */
export class Announcements extends Construct {
  constructor(scope: Construct, id: string, { house, notices, withdrawalKey }: AnnouncementsProps) {
    super(scope, id)
    const staff = new HouseFunction(this, 'Staff', {
      foundation: house,
      handler: 'announcements/staff-announcements',
    })
    house.documents.letWrite(staff)
    for (const route of Object.values(staffAnnouncementRoutes)) house.api.route(route, staff)

    const clients = new HouseFunction(this, 'Clients', {
      foundation: house,
      handler: 'announcements/announcements',
    })
    house.documents.letWrite(clients)
    clients.inject('SENDER_ADDRESS', house.configuration.senderAddress)
    for (const route of Object.values(announcementRoutes)) house.api.route(route, clients)

    const sendMailing = new HouseFunction(this, 'SendMailing', {
      foundation: house,
      handler: 'announcements/send-mailing',
      timeoutSeconds: 300,
      // The rest of a mailing goes on in a further message, and one that is not due yet waits in one.
      sendsToItself: true,
    })
    house.documents.letWrite(sendMailing)
    house.ledger.letRead(sendMailing)
    withdrawalKey.letUse(sendMailing)
    notices.letSend(sendMailing)
    sendMailing.inject('PORTAL_URL', house.configuration.portalUrl)
    sendMailing.inject('API_URL', house.api.url)

    const findDue = new HouseFunction(this, 'FindDueMailings', {
      foundation: house,
      handler: 'announcements/find-due-mailings',
      timeoutSeconds: 60,
    })
    house.documents.letRead(findDue)

    const queue = new HouseQueue(this, 'Queue', {
      foundation: house,
      carries: 'e-mails of announcements',
      consumer: sendMailing,
      batchSize: 1,
      // Of one mailing one works; a second one is there for another. SQS takes no fewer.
      mostAtOnce: 2,
    })
    for (const sender of [staff, clients, sendMailing, findDue]) queue.letSend(sender, 'MAILING_QUEUE_URL')
    new HouseSchedule(this, 'EveryHour', {
      foundation: house,
      description: 'Finds e-mails of announcements that are due',
      expression: 'cron(0 * * * ? *)',
      target: findDue,
    })
  }
}
