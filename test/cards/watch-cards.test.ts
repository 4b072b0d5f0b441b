import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccountStore } from '../../functions/accounts/account.store.ts'
import { toCards } from '../../functions/cards/card-item.ts'
import { createCardStore } from '../../functions/cards/cards.store.ts'
import { addCard, beginRemoval, type Cards, chooseBackup } from '../../functions/cards/cards.ts'
import { createCardChanges } from '../../functions/cards/change-cards.store.ts'
import { createDueCardStore } from '../../functions/cards/due-cards.store.ts'
import { eventsOfCards } from '../../functions/cards/events-of-cards.ts'
import { createCardKeeper } from '../../functions/cards/keep-card.store.ts'
import { createCardWatch } from '../../functions/cards/watch-cards.store.ts'
import { eventsOfPayment } from '../../functions/top-up/events-of-payment.ts'
import type { ProviderCard } from '../../functions/top-up/payment-provider.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { planAccounts } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const at = '2026-11-23T12:00:00.000Z'
let database: TestDatabase
let open: ReturnType<typeof planAccounts>['open']

beforeAll(async () => {
  database = await startTestDatabase()
  open = planAccounts(database).open
})
afterAll(() => database.stop())

const provided = (paymentMethodId: string, more: Partial<ProviderCard> = {}): ProviderCard => ({
  paymentMethodId,
  customerId: 'cus_1',
  brand: 'visa',
  lastFour: '4242',
  expiresIn: '2027-03',
  createdAt: '2026-11-01T00:00:00.000Z',
  ...more,
})

/** A provider that keeps these cards until it is told to forget them. */
function keeping(...cards: ProviderCard[]) {
  const kept = new Map(cards.map((card) => [card.paymentMethodId, card]))
  const calls = {
    isDown: false,
    kept,
    readCard: async (id: string) => {
      const card = kept.get(id)
      return card ? { ok: true as const, card } : { ok: false as const, reason: 'card_gone' as const }
    },
    forgetCard: async (id: string) => {
      if (calls.isDown) return { ok: false as const, reason: 'unavailable' as const }
      kept.delete(id)
      return { ok: true as const }
    },
  }
  return calls
}

const storeThrough = (client = database.client) => createCardStore({ ...database, client })

const watchThrough = (provider = keeping(), client = database.client) =>
  createCardWatch({
    cards: storeThrough(client),
    due: createDueCardStore({ ...database, pageAccounts: 2 }),
    accounts: createAccountStore(database),
    provider: async () => provider,
  })

/** An account in Berlin with these cards, the first as its default and the second as its backup. */
async function openWith(cards: ProviderCard[], more: Parameters<typeof open>[0] = {}) {
  const { accountId } = await open(more)
  await storeThrough().change(accountId, at, (before) => {
    const filled = cards.reduce<Cards>((all, card) => addCard(all, card, at), {
      ...before,
      customerId: 'cus_1',
    })
    const [, backup] = cards
    const decision = backup && chooseBackup(filled, backup.paymentMethodId)
    return decision?.ok ? decision.cards : filled
  })
  return accountId
}

async function itemOf(accountId: string) {
  const Key = { pk: `ACCOUNT#${accountId}`, sk: 'CARDS' }
  const { Item } = await database.client.send(
    new GetCommand({ TableName: database.paymentsTable, Key, ConsistentRead: true }),
  )
  return Item!
}

/** What the bus is told of an account when the watch runs at these instants, one after the other. */
async function told(accountId: string, instants: string[], watch = watchThrough()) {
  const events = []
  for (const instant of instants) {
    const before = await itemOf(accountId)
    await watch.run(new Date(instant))
    const after = await itemOf(accountId)
    if (after.revision !== before.revision) events.push(...eventsOfPayment({ before, after }))
  }
  return events
}

const expiring = (paymentMethodId: string, daysBefore: number) => ({
  detailType: 'card.expiring',
  detail: { paymentMethodId, daysBefore, lastDay: '2027-03-31' },
})

describe('the end of a card', () => {
  it('is told 30 and 7 days before, as the day begins in the account’s time zone, and once each', async () => {
    const zones = {
      'Pacific/Kiritimati': ['2027-02-28T10:00:00.000Z', '2027-03-23T10:00:00.000Z'],
      'Europe/Berlin': ['2027-02-28T23:00:00.000Z', '2027-03-23T23:00:00.000Z'],
      'America/St_Johns': ['2027-03-01T03:30:00.000Z', '2027-03-24T02:30:00.000Z'],
      'Pacific/Pago_Pago': ['2027-03-01T11:00:00.000Z', '2027-03-24T11:00:00.000Z'],
    }
    for (const [timeZone, [first, second]] of Object.entries(zones)) {
      const accountId = await openWith([provided('pm_1')], { timeZone })
      const justBefore = (instant: string) => new Date(Date.parse(instant) - 1).toISOString()
      expect(await told(accountId, [justBefore(first!)])).toEqual([])
      expect(await told(accountId, [first!, first!, justBefore(second!)])).toMatchObject([
        expiring('pm_1', 30),
      ])
      const later = [
        second!,
        second!,
        '2027-03-31T12:00:00.000Z',
        '2027-04-03T12:00:00.000Z',
        '2027-05-03T12:00:00.000Z',
      ]
      expect(await told(accountId, later)).toMatchObject([expiring('pm_1', 7)])
      expect((await itemOf(accountId)).index2pk).toBeUndefined()
    }
  })

  it('is told of the default and the backup, and of no other', async () => {
    const accountId = await openWith(['pm_1', 'pm_2', 'pm_3'].map((id) => provided(id)))
    expect(await told(accountId, ['2027-03-02T12:00:00.000Z'])).toMatchObject([
      { detail: { paymentMethodId: 'pm_1', role: 'default' } },
      { detail: { paymentMethodId: 'pm_2', role: 'backup' } },
    ])
  })

  it('is told of the newest notice alone where the watch has missed some, and not at all after the end', async () => {
    const late = await openWith([provided('pm_1')])
    expect(await told(late, ['2027-03-26T12:00:00.000Z'])).toMatchObject([expiring('pm_1', 7)])
    const tooLate = await openWith([provided('pm_1')])
    expect(await told(tooLate, ['2027-04-02T12:00:00.000Z'])).toEqual([])
    expect((await itemOf(tooLate)).index2pk).toBeUndefined()
  })

  it('is not told of a card that was removed or renewed, and is told anew of the renewed one', async () => {
    const removed = await openWith([provided('pm_1'), provided('pm_2', { expiresIn: '2030-01' })])
    await storeThrough().change(removed, at, (cards) => beginRemoval(cards, 'pm_1', at))
    expect(await told(removed, ['2027-03-02T12:00:00.000Z'])).toEqual([])
    const renewed = await openWith([provided('pm_1')])
    await told(renewed, ['2027-03-02T12:00:00.000Z'])
    const later = provided('pm_1', { expiresIn: '2027-04' })
    await storeThrough().change(renewed, at, (cards) => addCard(cards, later, at))
    expect(await told(renewed, ['2027-03-25T12:00:00.000Z'])).toEqual([])
    expect(await told(renewed, ['2027-04-02T12:00:00.000Z'])).toMatchObject([
      { detail: { daysBefore: 30, lastDay: '2027-04-30' } },
    ])
  })

  it('is told although other accounts fail, and the run says that they did', async () => {
    const nobody = 'acc_nobody0001'
    await storeThrough().change(nobody, at, (cards) =>
      addCard({ ...cards, customerId: 'cus_1' }, provided('pm_1'), at),
    )
    const accountId = await openWith([provided('pm_1')])
    await expect(watchThrough().run(new Date('2027-03-02T12:00:00.000Z'))).rejects.toThrow('cards of 1 of')
    expect((await storeThrough().read(accountId)).cards).toMatchObject([{ toldDaysBefore: 30 }])
    await storeThrough().change(nobody, at, (cards) => ({ ...cards, cards: [], defaultCardId: undefined }))
  })
})

describe('a removal', () => {
  it('is ended by the watch, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const atWrite of [1, 2]) {
        const provider = keeping(provided('pm_1'), provided('pm_2'))
        const accountId = await openWith([...provider.kept.values()])
        const cards = storeThrough(dyingClient(database.client, { atWrite, when }))
        const changes = createCardChanges({ cards, provider: async () => provider })
        await expect(changes.remove({ accountId, paymentMethodId: 'pm_1', at })).rejects.toBeInstanceOf(Died)
        await watchThrough(provider).run(new Date(at))
        const wasBegun = atWrite > 1 || when === 'after'
        const after = await storeThrough().read(accountId)
        expect(after.cards.map(({ paymentMethodId }) => paymentMethodId)).toEqual(
          wasBegun ? ['pm_2'] : ['pm_1', 'pm_2'],
        )
        expect([...provider.kept.keys()]).toEqual(after.cards.map(({ paymentMethodId }) => paymentMethodId))
        expect(after.defaultCardId).toBe(wasBegun ? 'pm_2' : 'pm_1')
      }
    }
  })

  it('that the provider does not take is tried again by the next run', async () => {
    const provider = keeping(provided('pm_1'))
    const accountId = await openWith([provided('pm_1')])
    await storeThrough().change(accountId, at, (cards) => beginRemoval(cards, 'pm_1', at))
    provider.isDown = true
    await expect(watchThrough(provider).run(new Date(at))).rejects.toThrow('cards of 1 of')
    provider.isDown = false
    await watchThrough(provider).run(new Date(at))
    expect((await storeThrough().read(accountId)).cards).toEqual([])
    expect(provider.kept.size).toBe(0)
  })
})

describe('news of a card', () => {
  it('keeps it once, and one entry of a card alone, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const atWrite of [1, 2, 3]) {
        const [older, newer] = ['pm_1', 'pm_2'].map((id, index) =>
          provided(id, { fingerprint: 'same', createdAt: `2026-11-0${index + 1}T00:00:00.000Z` }),
        )
        const provider = keeping(older!, newer!)
        const accountId = await openWith([older!])
        const keepThrough = (client = database.client) =>
          createCardKeeper({ cards: storeThrough(client), provider: async () => provider }).keep(
            { accountId, paymentMethodId: 'pm_2' },
            at,
          )
        await expect(keepThrough(dyingClient(database.client, { atWrite, when }))).rejects.toBeInstanceOf(
          Died,
        )
        await keepThrough()
        expect(await storeThrough().read(accountId)).toMatchObject({
          cards: [{ paymentMethodId: 'pm_2', status: 'kept' }],
          defaultCardId: 'pm_2',
        })
        expect([...provider.kept.keys()]).toEqual(['pm_2'])
        expect(await storeThrough().findOwner('pm_2')).toBe(accountId)
      }
    }
  })

  it('does not bring back a card that is removed between its reading at the provider and our write', async () => {
    const provider = keeping(provided('pm_1'))
    const accountId = await openWith([provided('pm_1')])
    let isRemoved = false
    const slow = {
      ...provider,
      readCard: async (id: string) => {
        const read = await provider.readCard(id)
        if (isRemoved) return read
        isRemoved = true
        const changes = createCardChanges({ cards: storeThrough(), provider: async () => provider })
        await changes.remove({ accountId, paymentMethodId: 'pm_1', at })
        return { ok: true as const, card: provided('pm_1', { expiresIn: '2040-01' }) }
      },
    }
    await createCardKeeper({ cards: storeThrough(), provider: async () => slow }).keep(
      { accountId, paymentMethodId: 'pm_1' },
      at,
    )
    expect((await storeThrough().read(accountId)).cards).toEqual([])
  })
})

describe('the events of cards', () => {
  const base: Cards = {
    accountId: 'acc_events01',
    customerId: 'cus_1',
    cards: [],
    revision: 1n,
  }
  const written = (cards: Cards): Cards => ({ ...cards, revision: cards.revision + 1n, changedAt: at })
  const typesOf = (before: Cards | undefined, after: Cards) =>
    eventsOfCards(before, after).map(({ detailType, detail }) => [
      detailType,
      (detail as { paymentMethodId: string }).paymentMethodId,
    ])

  it('tell what was saved, changed and removed, and of each write once', () => {
    const one = written(addCard(base, provided('pm_1'), at))
    expect(eventsOfCards(base, one)).toMatchObject([
      {
        detailType: 'card.saved',
        detail: { id: 'acc_events01/card.saved/pm_1/2', at, role: 'default', lastFour: '4242' },
      },
    ])
    expect(typesOf(undefined, one)).toEqual([['card.saved', 'pm_1']])
    const renewed = written(addCard(one, provided('pm_1', { expiresIn: '2030-01' }), at))
    expect(typesOf(one, renewed)).toEqual([['card.changed', 'pm_1']])
    const going = written(beginRemoval(renewed, 'pm_1', at))
    expect(eventsOfCards(renewed, going)).toMatchObject([
      { detailType: 'card.removed', detail: { role: 'default' } },
    ])
    expect(typesOf(going, written({ ...going, cards: [] }))).toEqual([])
  })

  it('say nothing of a card that went at once', () => {
    const ten = Array.from({ length: 10 }, (_, index) => provided(`pm_${index}`)).reduce(
      (cards, card) => addCard(cards, card, at),
      base,
    )
    const eleventh = written(addCard(ten, provided('pm_eleventh'), at))
    expect(typesOf(ten, eleventh)).toEqual([])
    expect(typesOf(eleventh, written(ten))).toEqual([])
  })

  it('are read from the table as they were written', async () => {
    const accountId = await openWith([provided('pm_1')])
    await watchThrough().run(new Date('2027-03-02T12:00:00.000Z'))
    expect(toCards(await itemOf(accountId))).toEqual(await storeThrough().read(accountId))
    expect((await storeThrough().read(accountId)).cards[0]!.toldDaysBefore).toBe(30)
  })
})
