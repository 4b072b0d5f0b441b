import type { StripeWorld } from './stripe-world.ts'
import { findTestCard, type TestCard } from './test-cards.ts'

/** Which test card a charge was made with, kept although the payment method may be gone by now. */
interface ChargedCard {
  id: string
  object: 'local.charged_card'
  number: string
}

/** Keeps the card of a new charge. */
export function rememberChargedCard(world: StripeWorld, chargeId: string, number: string): void {
  const charged: ChargedCard = { id: `card_of_${chargeId}`, object: 'local.charged_card', number }
  world.store.put(charged)
}

/** The card that a charge was made with. */
export function chargedCard(world: StripeWorld, chargeId: string): TestCard | undefined {
  const charged = world.store.get<ChargedCard>('local.charged_card', `card_of_${chargeId}`)
  return charged && findTestCard(charged.number)
}
