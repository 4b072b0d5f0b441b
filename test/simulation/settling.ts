import { putStatus } from './calls/plans.ts'
import { sendUses } from './calls/usage.ts'
import type { Call } from './calls.ts'
import { prepareCall } from './calls.ts'
import { Violation } from './require.ts'
import type { World } from './world.ts'

const HOUR_MILLISECONDS = 3_600_000
const DAY_MILLISECONDS = 86_400_000
const MOST_ROUNDS = 500

/** One of each kind that works off what waits. */
function workOff(world: World): Call[] {
  return [
    { kind: 'usageDelivery', choice: { most: 10 } },
    { kind: 'chargeDelivery', choice: { most: 10 } },
    { kind: 'segmentDelivery', choice: { most: 10 } },
    { kind: 'watchDelivery', choice: { most: 10 } },
    { kind: 'expiryDelivery', choice: { most: 10 } },
    { kind: 'timerDelivery', choice: { most: 10 } },
    { kind: 'checkDelivery', choice: { most: 10 } },
    { kind: 'paymentNotice', choice: { notice: 0 } },
    ...world.accounts.flatMap((_, account) => [
      { kind: 'entryDelivery' as const, choice: { account, most: 100 } },
      { kind: 'paymentDelivery' as const, choice: { account, most: 100 } },
    ]),
  ]
}

/**
 * The end of an episode, without faults: whatever is still on its way arrives, every queue is worked off, what is due is found, and then
 * everything that was promised must have been kept.
 */
export async function settleEverything(world: World): Promise<void> {
  world.journal.note('in the end, without faults')
  await world.pass(DAY_MILLISECONDS)
  await sendUnaccepted(world)
  // What a parked account has not been charged for is made up for.
  await world.step(() => [putStatus(world, 'open')], { seed: 1, faultPercent: 0 })
  await drain(world)
  // A timer that rings too early is started anew.
  const areTimersLeft = () => world.timerQueue.waitingCount + world.checkQueue.waitingCount > 0
  for (let round = 0; areTimersLeft() && round < MOST_ROUNDS; round++) {
    await world.pass(HOUR_MILLISECONDS)
    await drain(world)
  }
  await runSchedules(world)
  // What has come to its end is asked about once a day.
  await world.pass(DAY_MILLISECONDS)
  await runSchedules(world)
  await world.checkDone()
}

async function runSchedules(world: World): Promise<void> {
  for (const kind of ['watchCards', 'reconcile', 'findDue'] as const) {
    await run(world, [{ kind, choice: null }])
    await drain(world)
  }
}

async function drain(world: World): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let calls = 0
    for (const call of workOff(world)) calls += await run(world, [call])
    if (calls === 0) return
  }
  throw new Violation('there is no end to what is delivered')
}

/** Machines send again what nobody has accepted, so that no number is missing. */
async function sendUnaccepted(world: World): Promise<void> {
  const uses = world.usage.uses.filter(({ isAccepted }) => !isAccepted)
  if (uses.length > 0) await world.step(() => [sendUses(world, uses)], { seed: 1, faultPercent: 0 })
}

/** How many of the calls had anything to do. */
async function run(world: World, calls: Call[]): Promise<number> {
  let count = 0
  const prepare = () => {
    const specs = calls.flatMap((call) => prepareCall(world, call) ?? [])
    count = specs.length
    return specs
  }
  await world.step(prepare, { seed: 1, faultPercent: 0 })
  return count
}
