import { PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '../../functions/edge/problem.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { holdingOn, later, openAccount, UNIT } from './holding.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

const codeOf = (error: unknown) => (error instanceof Problem ? error.code : String(error))
const outcomeOf = (request: Promise<unknown>) => request.then(() => 'done', codeOf)
const seconds = (count: number) => ({ service: 'call', seconds: count })

/** Asks again what was answered `busy`, with the same key, as the API says. */
async function insist(request: () => Promise<unknown>): Promise<string> {
  for (;;) {
    const outcome = await outcomeOf(request())
    if (outcome !== 'busy') return outcome
  }
}

describe('at once', () => {
  it('exactly five of fifty sessions begin on credit for five, from several processes', async () => {
    const account = await openAccount(database, 3n * UNIT)
    const processes = Array.from({ length: 5 }, () => holdingOn(database))
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        insist(() => processes[index % 5]!.authorise(account, seconds(60), `key-${index}`)),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(5)
    expect(outcomes.filter((outcome) => outcome === 'insufficient_credit')).toHaveLength(45)
    expect(await processes[0]!.stateOf(account)).toMatchObject({
      availableMicros: 0n,
      heldMicros: 3n * UNIT,
      heldByHolds: 3n * UNIT,
      faults: [],
    })
  })

  it('one of several beginnings of a session wins, whatever their keys', async () => {
    const account = await openAccount(database, 3n * UNIT)
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        insist(() =>
          holdingOn(database).authorise(account, { ...seconds(10), session: 's' }, `key-${index % 4}`),
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'done').length).toBeLessThanOrEqual(2)
    expect(outcomes.filter((outcome) => outcome === 'session_has_hold').length).toBeGreaterThanOrEqual(6)
    expect(await holdingOn(database).stateOf(account)).toMatchObject({
      heldMicros: 100_000n,
      kinds: ['top_up', 'hold'],
    })
  })

  it('a session ends once, however it is extended, captured, released and lost', async () => {
    for (let round = 0; round < 8; round++) {
      const account = await openAccount(database, UNIT)
      const [one, other] = [holdingOn(database), holdingOn(database)]
      const { holdId } = await one.authorise(account, { ...seconds(20), leaseSeconds: 30 })
      const outcomes = await Promise.all([
        insist(() => one.extend(account, holdId, { seconds: 5 }, 'e-1', later(29))),
        insist(() => other.extend(account, holdId, { reported: { seconds: 7 } }, 'e-2', later(29))),
        insist(() => one.capture(account, holdId, { seconds: 11 }, later(29))),
        insist(() => other.capture(account, holdId, { seconds: 12 }, later(29))),
        insist(() => other.release(account, holdId, later(29))),
        outcomeOf(one.settling.expire(account.accountId, holdId, later(90))),
      ])
      const state = await one.stateOf(account)
      expect(state).toMatchObject({ heldMicros: 0n, heldByHolds: 0n, faults: [] })
      expect(state.kinds.filter((kind) => kind === 'capture' || kind === 'release')).toHaveLength(1)
      const { status, ended } = (await one.holds.read(account.accountId, holdId))!
      expect(UNIT - state.availableMicros).toBe(ended!.capturedMicros)
      const [, , eleven, twelve, released] = outcomes
      const wins = [eleven, twelve, released].filter((outcome) => outcome === 'done')
      expect(wins).toHaveLength(status === 'expired' ? 0 : 1)
      for (const outcome of outcomes) expect(outcome).toMatch(/^(done|hold_(captured|released|expired))$/)
    }
  })
})

/** What fails at the given write, counted from zero: before it is done, or after it, so that its reply is lost. */
function failingAt(write: number, isDone: boolean) {
  let writes = 0
  const client = interposedClient(database.client, async (command, send) => {
    if (!(command instanceof TransactWriteCommand) && !(command instanceof PutCommand)) return send()
    const isHit = writes === write
    writes += 1
    if (!isHit) return send()
    if (isDone) await send()
    throw new Error('the process died')
  })
  return { client, hasFailed: () => writes > write }
}

describe('a process that dies', () => {
  const whole = async (
    holding: ReturnType<typeof holdingOn>,
    account: Parameters<typeof holding.release>[0],
  ) => {
    const { holdId } = await holding.authorise(account, { ...seconds(20), session: 's' }, 'begin')
    await holding.extend(account, holdId, { seconds: 5 }, 'more')
    // Where the capture was written and its reply lost, a report comes too late.
    await holding.extend(account, holdId, { reported: { seconds: 21 } }, 'report').catch((error) => {
      if (codeOf(error) !== 'hold_captured') throw error
    })
    return holding.capture(account, holdId, { seconds: 22 })
  }

  it.each([
    ['before', false],
    ['after', true],
  ])('%s any of its writes loses and doubles nothing: the same requests end the same', async (_, isDone) => {
    for (let write = 0; write < 4; write++) {
      const account = await openAccount(database, UNIT)
      const { client, hasFailed } = failingAt(write, isDone)
      await expect(whole(holdingOn(database, { client }), account)).rejects.toThrow('died')
      expect(hasFailed()).toBe(true)
      const survivor = holdingOn(database)
      expect(await survivor.stateOf(account)).toMatchObject({ faults: [] })
      await whole(survivor, account)
      const state = await survivor.stateOf(account)
      expect(state).toMatchObject({ availableMicros: 780_000n, heldMicros: 0n, heldByHolds: 0n, faults: [] })
      expect(state.kinds).toEqual(['top_up', 'hold', 'hold', 'capture'])
    }
  })

  it('between the timer and the hold leaves a timer that finds nothing', async () => {
    const account = await openAccount(database, UNIT)
    const dying = holdingOn(database, { client: failingAt(0, false).client })
    await expect(dying.authorise(account, seconds(10))).rejects.toThrow('died')
    expect(dying.timers).toHaveLength(1)
    const { holdId } = dying.timers[0]!
    expect(await holdingOn(database).settling.expire(account.accountId, holdId, later(60))).toBe('no_hold')
  })
})
