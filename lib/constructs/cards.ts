import { Construct } from 'constructs'
import { cardRoutes } from '../../functions/cards/cards.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseSchedule } from './house-schedule.ts'
import { letUseStripe } from './stripe-secret.ts'

/** The cards that accounts pay with. Stripe keeps them; what is saved, changed or gone there comes as its signed events. */
export class Cards extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const readCards = new HouseFunction(this, 'ReadCards', { foundation: house, handler: 'cards/read-cards' })
    house.documents.letRead(readCards)
    house.payments.letRead(readCards)
    house.api.route(cardRoutes.listCards, readCards)

    const changeCards = new HouseFunction(this, 'ChangeCards', {
      foundation: house,
      handler: 'cards/change-cards',
      timeoutSeconds: 29,
    })
    house.documents.letRead(changeCards)
    house.payments.letWrite(changeCards)
    letUseStripe(changeCards, house)
    changeCards.inject('PORTAL_URL', house.configuration.portalUrl)
    for (const route of [cardRoutes.saveCard, cardRoutes.chooseCardRole, cardRoutes.removeCard])
      house.api.route(route, changeCards)

    const watchCards = new HouseFunction(this, 'WatchCards', {
      foundation: house,
      handler: 'cards/watch-cards',
      timeoutSeconds: 300,
    })
    house.documents.letRead(watchCards)
    house.payments.letWrite(watchCards)
    letUseStripe(watchCards, house)
    new HouseSchedule(this, 'EveryHour', {
      foundation: house,
      description: 'Notes cards that are about to expire, and ends removals that were cut off',
      expression: 'cron(0 * * * ? *)',
      target: watchCards,
    })
  }
}
