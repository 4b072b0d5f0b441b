import { inspect } from 'node:util'
import type { SESv2Client } from '@aws-sdk/client-sesv2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import {
  type AccountClosed,
  endHold,
  type HeldLot,
  type HoldRefusal,
  hold,
} from '../../functions/ledger/decide-hold.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { createMail } from '../../functions/notices/mail.client.ts'
import type { NoticeEvent } from '../../functions/notices/notice.ts'
import { createNoticeSending, type NoticeOptions } from '../../functions/notices/send-notice.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { planAccounts, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let outbox: { to: string; subject: string }[]
beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
beforeEach(() => {
  outbox = []
})
afterAll(() => database.stop())

const now = new Date('2026-11-26T12:00:00.000Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const sendMail: NoticeOptions['sendMail'] = async (to, { subject }) => {
  outbox.push({ to, subject })
  return { ok: true, messageId: 'm' }
}
const sending = (more: Partial<NoticeOptions> = {}) =>
  createNoticeSending({ ...database, portalUrl: 'https://portal.example.com', sendMail, ...more })

async function openWithMembers(): Promise<Account> {
  const account = await world.open()
  const members = createMemberStore(database)
  for (const role of ['billing', 'viewer'] as const) {
    await members.add({
      accountId: account.accountId,
      email: `${role}-${account.accountId}@client.example.com`,
      role,
      addedAt: now.toISOString(),
    })
  }
  return account
}

const low = ({ accountId }: Account, dip = 1): NoticeEvent => ({
  detailType: 'balance.low',
  detail: {
    id: `${accountId}/balance.low/${dip}`,
    accountId,
    at: now.toISOString(),
    available: { amount: '1.00', currency: 'USD' },
    threshold: { amount: '2.00', currency: 'USD' },
  },
})

describe('sending a notice', () => {
  it('goes to owners and billing members, once however often the event comes', async () => {
    const account = await openWithMembers()
    expect(await sending().send(low(account), now)).toMatchObject({ sent: 2, rejected: 0, before: 0 })
    expect(await sending().send(low(account), later(3600))).toMatchObject({ sent: 0, rejected: 0, before: 2 })
    expect(outbox.map(({ to }) => to.split('-')[0]).sort()).toEqual([
      'billing',
      expect.stringMatching(/^owner/),
    ])
    await sending().send(low(account, 2), later(7200))
    expect(outbox).toHaveLength(4)
  })

  it('reminds of a month that is owed, and not any more once it is paid', async () => {
    const account = await world.openWithPlan(5, 0n)
    const december = new Date('2026-12-01T00:00:00.000Z')
    const { chargeDue } = createMonthlyCharging(database)
    await chargeDue(account.accountId, december)
    const usd = (amount: string) => ({ amount, currency: 'USD' })
    const reminder = (day: string): NoticeEvent => ({
      detailType: 'plan.reminder',
      detail: {
        id: `${account.accountId}/plan.reminder/2026-12/${day}`,
        ...{ accountId: account.accountId, at: now.toISOString(), periods: ['2026-12'] },
        ...{ owed: usd('24.50'), available: usd('0.00'), shortfall: usd('24.50') },
        ...{ exactShortfall: usd('24.50'), stopsOn: '2026-12-08', services: [] },
        topUpUrl: 'https://portal.example.com/top-up',
      },
    })
    expect(await sending().send(reminder('2026-12-04'), now)).toMatchObject({ sent: 1 })
    await world.give(account, 25n * UNIT, 'paid')
    await chargeDue(account.accountId, december)
    expect(await sending().send(reminder('2026-12-07'), now)).toMatchObject({
      sent: 0,
      rejected: 0,
      before: 0,
    })
    expect(outbox).toHaveLength(1)
  })

  it('sends once when deliveries meet, and the next finds all of it sent', async () => {
    const account = await openWithMembers()
    await Promise.allSettled([1, 2, 3].map(() => sending().send(low(account), now)))
    expect(outbox).toHaveLength(2)
    // Each may have found a recipient taken by another, so that none of them was sure of both.
    expect(await sending().send(low(account), now)).toMatchObject({ sent: 0, rejected: 0, before: 2 })
  })

  it('sends again after the lease when the process died before it was written down, and not before', async () => {
    const account = await openWithMembers()
    // Writes: claim, finish, claim, finish.
    const dying = (atWrite: number, when: 'before' | 'after') =>
      sending({ client: dyingClient(database.client, { atWrite, when }) })
    await expect(dying(2, 'before').send(low(account), now)).rejects.toSatisfy(
      (error) => (error as AggregateError).errors[0] instanceof Died,
    )
    // The other recipient was told; the first e-mail went out and nobody knows it.
    expect(outbox).toHaveLength(2)
    await expect(sending().send(low(account), later(14))).rejects.toThrow('not told')
    expect(await sending().send(low(account), later(15))).toMatchObject({ sent: 1, rejected: 0, before: 1 })
    expect(outbox).toHaveLength(3)
    expect(await sending().send(low(account), later(600))).toMatchObject({ sent: 0, before: 2 })
  })

  it('tries again what may pass, and records what never will', async () => {
    const account = await openWithMembers()
    let failure = 'TooManyRequestsException'
    const client = {
      send: async () => {
        throw Object.assign(new Error(failure), { name: failure })
      },
    } as unknown as SESv2Client
    const mail = createMail({
      client,
      senderAddress: 'billing@operator.example.com',
      configurationSet: 'set',
    })
    await expect(sending({ sendMail: mail }).send(low(account), now)).rejects.toThrow('2 of 2')
    failure = 'MessageRejected'
    expect(await sending({ sendMail: mail }).send(low(account), later(61))).toMatchObject({
      sent: 0,
      rejected: 2,
      before: 0,
    })
    expect(await sending().send(low(account), later(600))).toMatchObject({ sent: 0, rejected: 0, before: 2 })
    expect(outbox).toEqual([])
  })

  it('does not give a client up while the operator has yet to verify the domain or to leave the sandbox', async () => {
    const account = await openWithMembers()
    const message =
      'Email address is not verified. The following identities failed the check in region EU-WEST-1: a@example.com'
    const client = {
      send: async () => {
        throw Object.assign(new Error(message), { name: 'MessageRejected' })
      },
    } as unknown as SESv2Client
    const mail = createMail({
      client,
      senderAddress: 'billing@operator.example.com',
      configurationSet: 'set',
    })
    const failed: unknown = await sending({ sendMail: mail })
      .send(low(account), now)
      .catch((error: unknown) => error)
    expect(failed).toMatchObject({ message: '2 of 2 were not told' })
    // What is thrown is logged, and no log has an address.
    expect(inspect(failed, { depth: 9 })).toContain('MessageRejected')
    expect(inspect(failed, { depth: 9 })).not.toContain('a@example.com')
    expect(await sending().send(low(account), later(61))).toMatchObject({ sent: 2, rejected: 0, before: 0 })
  })

  it('sends both parts through the configuration set', async () => {
    const inputs: unknown[] = []
    const client = {
      send: async ({ input }: { input: unknown }) => {
        inputs.push(input)
        return { MessageId: 'm' }
      },
    }
    const mail = createMail({
      client: client as unknown as SESv2Client,
      senderAddress: 's@operator.example.com',
      configurationSet: 'set',
    })
    expect(await mail('a@client.example.com', { subject: 'S', text: 'T', html: 'H' })).toEqual({
      ok: true,
      messageId: 'm',
    })
    expect(inputs).toMatchObject([
      {
        FromEmailAddress: 's@operator.example.com',
        ConfigurationSetName: 'set',
        Destination: { ToAddresses: ['a@client.example.com'] },
        Content: { Simple: { Subject: { Data: 'S' }, Body: { Text: { Data: 'T' }, Html: { Data: 'H' } } } },
      },
    ])
  })
})

describe('telling that credit ran out', () => {
  const refused = ({ accountId }: Account, sequence: bigint, outOfCreditCount = 1): NoticeEvent => ({
    detailType: 'usage.refused',
    detail: {
      id: `${accountId}/usage.refused/${sequence}`,
      accountId,
      at: now.toISOString(),
      sequence: Number(sequence),
      available: { amount: '0.00', currency: 'USD' },
      reason: 'r',
      refusedCount: 3,
      outOfCreditCount,
    },
  })
  /** A refused batch moves nothing: its entry is one of zero. */
  async function refuseUsage(account: Account, key: string): Promise<bigint> {
    const posted = await world.take(account, 0n, key)
    if (!posted.ok) throw new Error(posted.reason)
    return posted.entry.sequence
  }

  it('tells the first refusal, and no other until the credit is raised again', async () => {
    const account = await world.open()
    await world.give(account, 1n * UNIT, 'first')
    const one = await refuseUsage(account, 'one')
    const two = await refuseUsage(account, 'two')
    for (const sequence of [one, two, one, two]) await sending().send(refused(account, sequence), now)
    expect(outbox).toHaveLength(1)
    await world.give(account, 1n * UNIT, 'raise')
    const three = await refuseUsage(account, 'three')
    const four = await refuseUsage(account, 'four')
    for (const sequence of [four, three, two, one, four])
      await sending().send(refused(account, sequence), now)
    expect(outbox).toHaveLength(2)
  })

  it('does not take for a raise what comes back from a session that held it', async () => {
    const account = await world.open()
    await world.give(account, 1n * UNIT, 'first')
    const { accountId } = account
    await sending().send(refused(account, await refuseUsage(account, 'one')), now)
    const ledger = createLedger(database)
    const session = { reason: 'call', actor: 'machine:test', detail: {} }
    let held: HeldLot[] = []
    await ledger.post<HoldRefusal>({
      ...{ accountId, key: 'hold:one', at: now.toISOString() },
      decide: (head) => {
        const decision = hold(head, { ...session, amountMicros: 1n * UNIT })
        if (decision.ok) held = decision.drawn
        return decision
      },
    })
    const ending = { ...session, kind: 'release', held, capturedMicros: 0n, contra: 'revenue:usage' } as const
    const ended = await ledger.post<AccountClosed>({
      ...{ accountId, key: 'release:one', at: now.toISOString() },
      decide: (head) => endHold(head, ending),
    })
    expect(ended).toMatchObject({
      ok: true,
      entry: { availableBeforeMicros: 0n, availableAfterMicros: UNIT },
    })
    await sending().send(refused(account, await refuseUsage(account, 'two')), now)
    expect(outbox).toHaveLength(1)
  })

  it('finds the raise among many entries', async () => {
    const account = await world.open()
    const one = await refuseUsage(account, 'one')
    await sending().send(refused(account, one), now)
    for (let count = 0; count < 60; count++) await refuseUsage(account, `more ${count}`)
    const dry = await refuseUsage(account, 'dry')
    await sending().send(refused(account, dry), now)
    expect(outbox).toHaveLength(1)
    for (let count = 0; count < 60; count++) await refuseUsage(account, `yet more ${count}`)
    await world.give(account, 1n * UNIT, 'raise')
    await sending().send(refused(account, await refuseUsage(account, 'last')), now)
    expect(outbox).toHaveLength(2)
  })

  it('says nothing of usage that has no price', async () => {
    const account = await world.open()
    await sending().send(refused(account, await refuseUsage(account, 'one'), 0), now)
    expect(outbox).toEqual([])
  })

  it('is not lost when the process dies after choosing what to tell', async () => {
    const account = await world.open()
    const sequence = await refuseUsage(account, 'one')
    const dying = sending({ client: dyingClient(database.client, { atWrite: 1, when: 'after' }) })
    await expect(dying.send(refused(account, sequence), now)).rejects.toThrow(Died)
    await sending().send(refused(account, sequence), now)
    expect(outbox).toHaveLength(1)
  })
})
