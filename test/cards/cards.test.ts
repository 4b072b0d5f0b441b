import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addCard,
  backupCard,
  beginRemoval,
  type Cards,
  chooseBackup,
  chooseDefault,
  chooseNone,
  defaultCard,
  isExpired,
  keptCards,
  MOST_CARDS,
  noCards,
  noticeDueOn,
  removeCard,
} from '../../functions/cards/cards.ts'

const at = '2026-11-23T12:00:00.000Z'
const provided = (number: number, more: object = {}) => ({
  paymentMethodId: `pm_${number}`,
  customerId: 'cus_1',
  brand: 'visa',
  lastFour: '4242',
  expiresIn: '2027-03',
  fingerprint: `print_${number}`,
  createdAt: `2026-11-${String(10 + number).padStart(2, '0')}T00:00:00.000Z`,
  ...more,
})
const withCards = (...numbers: number[]) =>
  numbers.reduce((cards, number) => addCard(cards, provided(number), at), noCards('acc_cards0001'))
const idsOf = (cards: Cards) => keptCards(cards).map(({ paymentMethodId }) => paymentMethodId)
const rolesOf = ({ defaultCardId, backupCardId }: Cards) => [defaultCardId, backupCardId]
const chosen = (decision: ReturnType<typeof chooseDefault>) => {
  if (!decision.ok) throw new Error(decision.reason)
  return decision.cards
}

type Step = { kind: 'add' | 'go' | 'gone' | 'default' | 'backup' | 'none'; number: number; print: number }
const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('add', 'add', 'add', 'go', 'gone', 'default', 'backup', 'none'),
    number: fc.integer({ min: 1, max: 15 }),
    print: fc.integer({ min: 1, max: 13 }),
  }),
  { maxLength: 60 },
)

function take(cards: Cards, { kind, number, print }: Step): Cards {
  const id = `pm_${number}`
  const orAsItWas = (decision: ReturnType<typeof chooseDefault>) => (decision.ok ? decision.cards : cards)
  switch (kind) {
    case 'add':
      return addCard(cards, provided(number, { fingerprint: `print_${print}` }), at)
    case 'go':
      return beginRemoval(cards, id, at)
    case 'gone':
      return removeCard(cards, id)
    case 'default':
      return orAsItWas(chooseDefault(cards, id))
    case 'backup':
      return orAsItWas(chooseBackup(cards, id))
    case 'none':
      return orAsItWas(chooseNone(cards, id))
  }
}

describe('the cards of an account', () => {
  it('whatever happens, have a default and a backup that are kept and not the same, and are ten at most', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let cards = noCards('acc_cards0001')
        for (const step of history) {
          cards = take(cards, step)
          const [first, backup] = rolesOf(cards)
          const kept = idsOf(cards)
          expect(kept.length).toBeLessThanOrEqual(MOST_CARDS)
          if (first !== undefined) expect(kept).toContain(first)
          if (backup !== undefined) expect(kept).toContain(backup)
          if (backup !== undefined) expect(backup).not.toBe(first)
          if (backup !== undefined) expect(first).toBeDefined()
          const ids = cards.cards.map(({ paymentMethodId }) => paymentMethodId)
          expect(new Set(ids).size).toBe(ids.length)
        }
      }),
    )
  })

  it('begin with the first as the default, and later ones have no role until one is chosen', () => {
    expect(rolesOf(withCards(1, 2))).toEqual(['pm_1', undefined])
  })

  it('let the default and the backup change places when the backup is made the default', () => {
    const cards = chosen(chooseBackup(withCards(1, 2), 'pm_2'))
    expect(rolesOf(chosen(chooseDefault(cards, 'pm_2')))).toEqual(['pm_2', 'pm_1'])
  })

  it('promote the backup when the default goes, and nobody who was not chosen', () => {
    const cards = chosen(chooseBackup(withCards(1, 2, 3), 'pm_2'))
    const promoted = beginRemoval(cards, 'pm_1', at)
    expect(rolesOf(promoted)).toEqual(['pm_2', undefined])
    expect(defaultCard(promoted)).toMatchObject({ paymentMethodId: 'pm_2' })
    const without = beginRemoval(promoted, 'pm_2', at)
    expect(rolesOf(without)).toEqual([undefined, undefined])
    expect([defaultCard(without), backupCard(without)]).toEqual([undefined, undefined])
    expect(idsOf(without)).toEqual(['pm_3'])
  })

  it('refuse a backup that is the default, and roles for cards that are not there', () => {
    const cards = beginRemoval(withCards(1, 2), 'pm_2', at)
    expect(chooseBackup(cards, 'pm_1')).toEqual({ ok: false, reason: 'card_is_default' })
    expect(chooseNone(cards, 'pm_1')).toEqual({ ok: false, reason: 'card_is_default' })
    for (const choose of [chooseDefault, chooseBackup, chooseNone])
      expect(choose(cards, 'pm_2')).toEqual({ ok: false, reason: 'card_not_found' })
  })

  it('keep one of two entries of one card, the newer, with the roles of the other, in whichever order they come', () => {
    const twice = [provided(1, { fingerprint: 'same' }), provided(2, { fingerprint: 'same' })]
    for (const order of [twice, twice.toReversed()]) {
      const cards = order.reduce((before, card) => addCard(before, card, at), noCards('acc_cards0001'))
      expect(idsOf(cards)).toEqual(['pm_2'])
      expect(rolesOf(cards)).toEqual(['pm_2', undefined])
      expect(cards.cards.find(({ paymentMethodId }) => paymentMethodId === 'pm_1')?.status).toBe('removing')
    }
  })

  it('let an eleventh go at once, and change nothing of the ten', () => {
    const ten = withCards(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    const cards = addCard(ten, provided(11), at)
    expect(idsOf(cards)).toEqual(idsOf(ten))
    expect(cards.cards.at(-1)).toMatchObject({ paymentMethodId: 'pm_11', status: 'removing' })
    expect(rolesOf(cards)).toEqual(rolesOf(ten))
  })

  it('do not come back by a repeat once they are going', () => {
    const cards = beginRemoval(withCards(1), 'pm_1', at)
    expect(addCard(cards, provided(1), at)).toBe(cards)
  })

  it('are renewed in their place, and keep their roles', () => {
    const cards = withCards(1, 2)
    const renewed = addCard(cards, provided(1, { expiresIn: '2030-01' }), at)
    expect([idsOf(renewed), rolesOf(renewed)]).toEqual([idsOf(cards), rolesOf(cards)])
    expect(defaultCard(renewed)).toMatchObject({ paymentMethodId: 'pm_1', expiresIn: '2030-01' })
    expect(addCard(cards, provided(1), at)).toEqual(cards)
  })
})

describe('the end of a card', () => {
  const card = withCards(1).cards[0]!

  it('is the end of its last month', () => {
    expect(isExpired(card, '2027-03-31')).toBe(false)
    expect(isExpired(card, '2027-04-01')).toBe(true)
  })

  it('is told 30 and 7 days before, each once, and of missed notices the last alone', () => {
    expect(noticeDueOn(card, '2027-02-28')).toBeUndefined()
    expect(noticeDueOn(card, '2027-03-01')).toBe(30)
    expect(noticeDueOn({ ...card, toldDaysBefore: 30 }, '2027-03-23')).toBeUndefined()
    expect(noticeDueOn({ ...card, toldDaysBefore: 30 }, '2027-03-24')).toBe(7)
    expect(noticeDueOn(card, '2027-03-24')).toBe(7)
    expect(noticeDueOn({ ...card, toldDaysBefore: 7 }, '2027-03-31')).toBeUndefined()
    expect(noticeDueOn({ ...card, toldDaysBefore: 7 }, '2027-04-01')).toBe(0)
    expect(noticeDueOn({ ...card, toldDaysBefore: 0 }, '2027-04-02')).toBeUndefined()
  })

  it('is told anew of a renewed card', () => {
    const told = { ...withCards(1), cards: [{ ...card, toldDaysBefore: 30 as const }] }
    expect(addCard(told, provided(1), at).cards[0]!.toldDaysBefore).toBe(30)
    expect(addCard(told, provided(1, { expiresIn: '2030-01' }), at).cards[0]!.toldDaysBefore).toBeUndefined()
  })
})
