import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '../../functions/edge/problem.ts'
import { lineSchema } from '../../functions/edge/text.ts'
import { authoriseBody } from '../../functions/holds/hold-request.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { holdingOn, later, openAccount, setStatus, UNIT } from './holding.ts'

let database: TestDatabase
let holding: ReturnType<typeof holdingOn>

beforeAll(async () => {
  database = await startTestDatabase()
  holding = holdingOn(database)
})
afterAll(() => database.stop())

const seconds = (count: number) => ({ service: 'call', seconds: count })

describe('authorising', () => {
  it('moves what is asked for from available to held, and starts a timer before it', async () => {
    const account = await openAccount(database, UNIT)
    const hold = await holding.authorise(account, { ...seconds(60), session: 'call-1', leaseSeconds: 90 })
    expect(hold).toMatchObject({
      status: 'held',
      heldMicros: 600_000n,
      use: { granted: 60n, isFinal: false },
      expiresAt: later(90).toISOString(),
    })
    expect(await holding.stateOf(account)).toMatchObject({
      availableMicros: 400_000n,
      heldMicros: 600_000n,
      heldByHolds: 600_000n,
      kinds: ['top_up', 'hold'],
      faults: [],
    })
    expect(holding.timers.at(-1)).toEqual({
      accountId: account.accountId,
      holdId: hold.holdId,
      expiresAt: hold.expiresAt,
    })
  })

  it('grants as much as credit covers, and says that credit ends there', async () => {
    const account = await openAccount(database, UNIT)
    const hold = await holding.authorise(account, seconds(150))
    expect(hold).toMatchObject({ heldMicros: UNIT, use: { asked: 150n, granted: 100n, isFinal: true } })
  })

  it('refuses less than what the caller wants at least, with what is missing for that', async () => {
    const account = await openAccount(database, UNIT)
    const refused = holding.authorise(account, { ...seconds(150), atLeast: 120 })
    await expect(refused).rejects.toMatchObject({
      code: 'insufficient_credit',
      extra: { shortfall: { amount: '0.20' }, needed: { amount: '1.20' } },
    })
    expect(await holding.stateOf(account)).toMatchObject({ kinds: ['top_up'], heldMicros: 0n })
  })

  it('refuses what does not pay for the first interval, with what is missing for that', async () => {
    const account = await openAccount(database, 690_000n)
    const refused = holding.authorise(account, { service: 'billed', seconds: 120 })
    await expect(refused).rejects.toMatchObject({
      code: 'insufficient_credit',
      extra: { shortfall: { amount: '0.01' }, needed: { amount: '0.70' } },
    })
  })

  it('gives the first reply to a repeat, whatever became of the hold, and refuses the key for another request', async () => {
    const account = await openAccount(database, UNIT)
    const first = await holding.authorise(account, seconds(10))
    await holding.extend(account, first.holdId, { seconds: 20 })
    await holding.capture(account, first.holdId, { seconds: 3 })
    const repeat = await holding.authorise(account, seconds(10), 'key-1', later(5000))
    expect(repeat).toMatchObject({ status: 'held', heldMicros: 100_000n, use: { granted: 10n } })
    expect(repeat.expiresAt).toBe(first.expiresAt)
    await expect(holding.authorise(account, seconds(11))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    })
    expect((await holding.stateOf(account)).kinds).toEqual(['top_up', 'hold', 'hold', 'capture'])
  })

  it('gives the first reply to a repeat although terms wait by then, and begins no other', async () => {
    const account = await openAccount(database, UNIT)
    const first = await holding.authorise(account, seconds(10))
    const requireForUsage = () => Promise.reject(new Problem('terms_required', 'new terms'))
    const closed = holdingOn(database, { terms: { requireForUsage } })
    expect(await closed.authorise(account, seconds(10))).toEqual(first)
    const another = closed.authorise(account, seconds(10), 'key-2')
    await expect(another).rejects.toMatchObject({ code: 'terms_required' })
  })

  it('gives a session no more once new terms wait and their grace is over, but lets it report and end', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(10))
    const extended = await holding.extend(account, holdId, { seconds: 5 }, 'before')
    const requireForUsage = () => Promise.reject(new Problem('terms_required', 'new terms'))
    const closed = holdingOn(database, { terms: { requireForUsage } })
    expect(await closed.extend(account, holdId, { seconds: 5 }, 'before')).toEqual(extended)
    await expect(closed.extend(account, holdId, { seconds: 5 }, 'after')).rejects.toMatchObject({
      code: 'terms_required',
    })
    expect(await closed.extend(account, holdId, { reported: { seconds: 7 } }, 'alive')).toMatchObject({
      use: { granted: 15n },
    })
    const ended = await closed.capture(account, holdId, { seconds: 12 })
    expect(ended).toMatchObject({ status: 'captured', ended: { used: 12n } })
  })

  it('goes on by the terms that are in force when it is extended', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(10))
    const later = holdingOn(database, { terms: { requireForUsage: async () => 'terms-of-service@2' } })
    await later.extend(account, holdId, { seconds: 5 })
    await later.capture(account, holdId, { seconds: 12 })
    const { entries } = await holding.stateOf(account)
    const versions = entries.filter(({ kind }) => kind !== 'top_up').map(({ termsVersion }) => termsVersion)
    expect(versions).toEqual(['terms-of-service@1', 'terms-of-service@2', 'terms-of-service@2'])
  })

  it('refuses a second hold of a session under another key, and names the first', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, { ...seconds(10), session: 'call-2' })
    const second = holding.authorise(account, { ...seconds(10), session: 'call-2' }, 'key-2')
    await expect(second).rejects.toMatchObject({ code: 'session_has_hold', extra: { holdId } })
    expect(await holding.stateOf(account)).toMatchObject({ heldMicros: 100_000n, faults: [] })
  })

  it('says what it is for in one line that every reader can show, whatever the switch calls the other end', async () => {
    const account = await openAccount(database, UNIT)
    const destinations = [`${'9'.repeat(191)}😀`, 'a\nb\u0000', '9'.repeat(500)]
    for (const [index, destination] of destinations.entries())
      await holding.authorise(account, { ...seconds(1), attributes: { destination } }, `line-${index}`)
    const { entries, faults } = await holding.stateOf(account)
    for (const { reason } of entries) expect(lineSchema(200).safeParse(reason).success).toBe(true)
    expect([entries.length, faults]).toEqual([4, []])
  })

  it('lists every hold, also where they fill more than a page of the database', async () => {
    const account = await openAccount(database, UNIT)
    const attributes = Object.fromEntries(
      Array.from({ length: 32 }, (_, index) => [`a${index}`, 'x'.repeat(490)]),
    )
    const keys = Array.from({ length: 75 }, (_, index) => `large-${index}`)
    for (const key of keys) await holding.authorise(account, { ...seconds(1), attributes }, key)
    expect(await holding.holds.listOpen(account.accountId, { limit: 100 })).toHaveLength(75)
    expect(await holding.holds.listOpen(account.accountId, { limit: 74 })).toHaveLength(74)
    expect(await holding.settling.settleExpired(account.accountId, later(61))).toBe(75)
  })

  it('refuses attributes that no usage event could carry', () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`a${index}`, '😀'.repeat(250)]),
    )
    const { error } = authoriseBody.safeParse({ ...seconds(1), attributes })
    expect(error?.issues[0]).toMatchObject({
      path: ['attributes'],
      message: expect.stringContaining('16384 bytes'),
    })
  })

  it('begins nothing on an account that is parked or closed', async () => {
    const account = await openAccount(database, UNIT)
    await setStatus(database, account.accountId, 'parked')
    await expect(holding.authorise(account, seconds(10))).rejects.toMatchObject({ code: 'account_parked' })
    await setStatus(database, account.accountId, 'closed')
    await expect(holding.authorise(account, seconds(10))).rejects.toMatchObject({ code: 'account_closed' })
  })
})

describe('extending', () => {
  it('holds the price of the whole session, so that a first interval and a fee are held once', async () => {
    const account = await openAccount(database, 2n * UNIT)
    const { holdId, heldMicros } = await holding.authorise(account, { service: 'billed', seconds: 60 })
    expect(heldMicros).toBe(700_000n)
    const more = await holding.extend(account, holdId, { seconds: 7 })
    expect(more).toMatchObject({ heldMicros: 820_000n, use: { granted: 67n } })
    expect(await holding.stateOf(account)).toMatchObject({ heldMicros: 820_000n, faults: [] })
  })

  it('goes on until credit ends, says so, and then renews the lease alone', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, { ...seconds(60), leaseSeconds: 60 })
    const last = await holding.extend(account, holdId, { seconds: 60 }, 'more-1', later(50))
    expect(last).toMatchObject({ heldMicros: UNIT, use: { granted: 100n, isFinal: true } })
    const none = await holding.extend(
      account,
      holdId,
      { seconds: 60, reported: { seconds: 90 } },
      'more-2',
      later(90),
    )
    expect(none).toMatchObject({
      use: { granted: 100n, asked: 160n, isFinal: true },
      expiresAt: later(150).toISOString(),
      reported: { used: 90n, amountMicros: 900_000n },
    })
    await expect(
      holding.extend(account, holdId, { seconds: 60, atLeast: 1 }, 'more-3', later(91)),
    ).rejects.toMatchObject({ code: 'insufficient_credit', extra: { shortfall: { amount: '0.01' } } })
  })

  it('gives the first reply to a repeat, also after the end', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(10))
    const first = await holding.extend(account, holdId, { seconds: 5 })
    await holding.extend(account, holdId, { seconds: 5 }, 'more-2')
    await holding.release(account, holdId)
    expect(await holding.extend(account, holdId, { seconds: 5 })).toMatchObject({
      status: 'held',
      heldMicros: first.heldMicros,
      use: { granted: 15n },
    })
    await expect(holding.extend(account, holdId, { seconds: 6 })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    })
  })

  it('keeps the most that was reported, and the longest lease', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, { ...seconds(60), leaseSeconds: 120 })
    await holding.extend(account, holdId, { reported: { seconds: 40 } }, 'r-1', later(40))
    const late = await holding.extend(
      account,
      holdId,
      { reported: { seconds: 20 }, leaseSeconds: 5 },
      'r-2',
      later(41),
    )
    expect(late).toMatchObject({ reported: { used: 40n }, expiresAt: later(160).toISOString() })
  })

  it('is refused in words of its own after each kind of end', async () => {
    const account = await openAccount(database, UNIT)
    const ended = async (key: string, end: (holdId: string) => Promise<unknown>) => {
      const { holdId } = await holding.authorise(account, { ...seconds(10), leaseSeconds: 10 }, key)
      await end(holdId)
      return holding.extend(account, holdId, { seconds: 5 }, `more-${key}`, later(20))
    }
    await expect(
      ended('a', (holdId) => holding.capture(account, holdId, { seconds: 4 })),
    ).rejects.toMatchObject({ code: 'hold_captured', extra: { captured: { amount: '0.04' } } })
    await expect(ended('b', (holdId) => holding.release(account, holdId))).rejects.toMatchObject({
      code: 'hold_released',
    })
    await expect(ended('c', async () => undefined)).rejects.toMatchObject({ code: 'hold_expired' })
  })

  it('names the field that does not go with the hold', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(10))
    await expect(holding.extend(account, holdId, { quantity: 1 })).rejects.toMatchObject({
      errors: [{ field: 'quantity' }],
    })
    await expect(holding.extend(account, holdId, { reported: { amount: '0.1' } })).rejects.toMatchObject({
      errors: [{ field: 'reported.amount' }],
    })
  })
})

describe('capturing', () => {
  it('charges what was used and gives the rest back', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(60))
    const captured = await holding.capture(account, holdId, { seconds: 42 })
    expect(captured).toMatchObject({ status: 'captured', ended: { capturedMicros: 420_000n, used: 42n } })
    const state = await holding.stateOf(account)
    expect(state).toMatchObject({ availableMicros: 580_000n, heldMicros: 0n, heldByHolds: 0n, faults: [] })
    expect(state.entries.at(-1)).toMatchObject({
      kind: 'capture',
      key: `capture:${holdId}`,
      amountMicros: -420_000n,
    })
  })

  it('of the same again gives the same, of another amount is refused', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(60))
    const first = await holding.capture(account, holdId, { seconds: 42 })
    expect(await holding.capture(account, holdId, { seconds: 42 }, later(5000))).toEqual(first)
    expect(await holding.capture(account, holdId, { amount: '0.42' })).toEqual(first)
    await expect(holding.capture(account, holdId, { seconds: 41 })).rejects.toMatchObject({
      code: 'hold_captured',
      extra: { captured: { amount: '0.42' } },
    })
    await expect(holding.release(account, holdId)).rejects.toMatchObject({ code: 'hold_captured' })
    expect((await holding.stateOf(account)).kinds).toEqual(['top_up', 'hold', 'capture'])
  })

  it('of more than is held is refused with what is, and changes nothing', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(60))
    await expect(holding.capture(account, holdId, { seconds: 61 })).rejects.toMatchObject({
      code: 'more_than_held',
      extra: { held: { amount: '0.60' }, asked: { amount: '0.61' } },
    })
    expect(await holding.stateOf(account)).toMatchObject({ heldMicros: 600_000n, kinds: ['top_up', 'hold'] })
  })

  it('of nothing ends a session that was not answered', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(60))
    await holding.capture(account, holdId, { seconds: 0 })
    expect(await holding.stateOf(account)).toMatchObject({
      availableMicros: UNIT,
      heldMicros: 0n,
      faults: [],
    })
  })

  it('after the lease is over is refused, and says what was charged', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, { ...seconds(60), leaseSeconds: 30 })
    await holding.extend(account, holdId, { reported: { seconds: 25 } }, 'r', later(20))
    await expect(holding.capture(account, holdId, { seconds: 40 }, later(50))).rejects.toMatchObject({
      code: 'hold_expired',
      extra: { captured: { amount: '0.25' } },
    })
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 750_000n, heldMicros: 0n })
  })

  it('and releasing work on a parked account: it keeps what it promised; a closed one moves nothing', async () => {
    const account = await openAccount(database, UNIT)
    const holds = []
    for (const key of ['a', 'b', 'c']) holds.push(await holding.authorise(account, seconds(10), key))
    await setStatus(database, account.accountId, 'parked')
    await expect(holding.extend(account, holds[0]!.holdId, { seconds: 1 })).rejects.toMatchObject({
      code: 'account_parked',
    })
    await holding.capture(account, holds[0]!.holdId, { seconds: 10 })
    await holding.release(account, holds[1]!.holdId)
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 800_000n, heldMicros: 100_000n })
    await setStatus(database, account.accountId, 'closed')
    const { holdId } = holds[2]!
    await expect(holding.capture(account, holdId, { seconds: 1 })).rejects.toMatchObject({
      code: 'account_closed',
    })
    await expect(holding.release(account, holdId)).rejects.toMatchObject({ code: 'account_closed' })
  })
})

describe('the lease', () => {
  it('ends a lost session and charges what was reported of it', async () => {
    const account = await openAccount(database, UNIT)
    const { accountId } = account
    const { holdId } = await holding.authorise(account, { ...seconds(60), leaseSeconds: 60 })
    await holding.extend(account, holdId, { reported: { seconds: 33 } }, 'r', later(30))
    expect(await holding.settling.expire(accountId, holdId, later(60))).toEqual({
      heldUntil: later(90).toISOString(),
    })
    expect(await holding.settling.expire(accountId, holdId, later(90))).toBe('settled')
    expect(await holding.settling.expire(accountId, holdId, later(91))).toBe('ended')
    expect(await holding.holds.read(accountId, holdId)).toMatchObject({
      status: 'expired',
      ended: { capturedMicros: 330_000n, used: 33n },
    })
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 670_000n, faults: [] })
  })

  it('charges no more than is held, and nothing of what was never reported', async () => {
    const account = await openAccount(database, UNIT)
    const reported = await holding.authorise(account, { ...seconds(10), leaseSeconds: 10 }, 'a')
    await holding.extend(account, reported.holdId, { reported: { seconds: 12 } }, 'r', later(5))
    await holding.authorise(account, { ...seconds(10), leaseSeconds: 10 }, 'b')
    expect(await holding.settling.settleExpired(account.accountId, later(15))).toBe(2)
    expect(await holding.stateOf(account)).toMatchObject({
      availableMicros: 900_000n,
      heldMicros: 0n,
      kinds: ['top_up', 'hold', 'hold', 'release', 'capture'],
      faults: [],
    })
  })

  it('gives back what lost sessions hold before anybody is refused or granted less', async () => {
    const account = await openAccount(database, UNIT)
    await holding.authorise(account, { ...seconds(80), leaseSeconds: 10 }, 'lost')
    const next = await holding.authorise(account, seconds(50), 'next', later(11))
    expect(next.use).toMatchObject({ granted: 50n, isFinal: false })
  })

  it('leaves a hold whose account or id is of somebody else alone', async () => {
    const account = await openAccount(database, UNIT)
    const other = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, seconds(10))
    expect(await holding.settling.expire(other.accountId, holdId, later(100))).toBe('no_hold')
    await expect(holding.capture(other, holdId, { seconds: 1 })).rejects.toMatchObject({
      code: 'hold_not_found',
    })
  })
})

describe('lots', () => {
  it('get back what was not used, the one drawn last first', async () => {
    const soon = { amountMicros: 300_000n, expiresAt: later(3600).toISOString() }
    const account = await openAccount(database, UNIT, soon)
    const { holdId } = await holding.authorise(account, seconds(50))
    expect((await holding.stateOf(account)).lots).toMatchObject([{ lot: 1n, remainingMicros: 800_000n }])
    await holding.capture(account, holdId, { seconds: 10 })
    const state = await holding.stateOf(account)
    expect(state.lots).toMatchObject([
      { lot: 2n, remainingMicros: 200_000n },
      { lot: 1n, remainingMicros: UNIT },
    ])
    expect(state.faults).toEqual([])
  })

  it('that expire while they are held may still be captured; what is given back of them expires next', async () => {
    const soon = { amountMicros: 500_000n, expiresAt: later(30).toISOString() }
    const account = await openAccount(database, UNIT, soon)
    const { holdId } = await holding.authorise(account, { ...seconds(50), leaseSeconds: 600 })
    await holding.capture(account, holdId, { seconds: 20 }, later(60))
    await holding.authorise(account, seconds(1), 'next', later(61))
    const state = await holding.stateOf(account)
    expect(state.kinds).toEqual(['top_up', 'top_up', 'hold', 'capture', 'expiry', 'hold'])
    expect(state).toMatchObject({ availableMicros: 990_000n, faults: [] })
  })
})

describe('tiers', () => {
  it('count a captured session once, and the next one goes on from there', async () => {
    const account = await openAccount(database, 100n * UNIT)
    const first = await holding.authorise(account, { service: 'fax', quantity: 10 }, 'a')
    await holding.capture(account, first.holdId, { quantity: 8 })
    const second = await holding.authorise(account, { service: 'fax', quantity: 4 }, 'b')
    expect(second.heldMicros).toBe(3n * UNIT)
    await holding.release(account, second.holdId)
    const third = await holding.authorise(account, { service: 'fax', quantity: 4 }, 'c')
    expect(third.heldMicros).toBe(3n * UNIT)
  })
})

describe('a hold of an amount', () => {
  it('is held whole or not at all, extended by more, and captured in part', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await holding.authorise(account, { amount: '0.60', currency: 'USD' })
    await expect(holding.extend(account, holdId, { amount: '0.50' }, 'e-1')).rejects.toMatchObject({
      code: 'insufficient_credit',
      extra: { shortfall: { amount: '0.10' } },
    })
    await holding.extend(account, holdId, { amount: '0.40', reported: { amount: '0.70' } }, 'e-2')
    await holding.capture(account, holdId, { amount: '0.75', currency: 'USD' })
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 250_000n, faults: [] })
  })
})
