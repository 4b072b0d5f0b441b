import { toAutoTopUp } from '../auto-top-up/auto-top-up.ts'
import { eventsOfAutoTopUp } from '../auto-top-up/events-of-auto-top-up.ts'
import { toCards } from '../cards/card-item.ts'
import { eventsOfCards } from '../cards/events-of-cards.ts'
import type { Dispute } from '../disputes/dispute.ts'
import { eventsOfDispute } from '../disputes/events-of-dispute.ts'
import type { BusEvent, ChangedItem } from '../events/event.ts'
import { eventsOfRefund } from '../refunds/events-of-refund.ts'
import type { Refund } from '../refunds/refund.ts'
import { eventsOfTopUp } from './events-of-top-up.ts'
import type { TopUp } from './top-up.ts'

/** What the bus is told of a change in the table of payments: by the kind of document, which its sort key says. */
export function eventsOfPayment({ before, after }: ChangedItem): BusEvent[] {
  if (!after) return []
  const [kind] = String(after.sk).split('#')
  switch (kind) {
    case 'TOP_UP':
      return eventsOfTopUp(before as TopUp | undefined, after as TopUp)
    case 'DISPUTE':
      return eventsOfDispute(before as Dispute | undefined, after as Dispute)
    case 'REFUND':
      return eventsOfRefund(before as Refund | undefined, after as Refund)
    case 'CARDS':
      return eventsOfCards(before && toCards(before), toCards(after))
    case 'AUTO_TOP_UP':
      return eventsOfAutoTopUp(before && toAutoTopUp(before), toAutoTopUp(after))
    default:
      return []
  }
}
