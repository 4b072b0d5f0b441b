import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, type PrepaidMachine, startPrepaidMachine } from './prepaid-machine.ts'

let machine: PrepaidMachine
let client: Client

beforeAll(async () => {
  machine = await startPrepaidMachine('2028-01-05T15:00:00.000Z')
  client = await machine.openAccount({
    name: 'Private cloud client',
    clientType: 'private_cloud',
    timeZone: 'America/New_York',
  })
})
afterAll(() => machine?.stop())

const plan = (baseFee: string, effectiveFrom: string) => ({
  ...{ name: 'Private cloud', clientType: 'private_cloud', currency: 'USD', effectiveFrom, baseFee },
  services: [{ service: 'node', name: 'Node', unitFee: '49.50' }],
})

it('a private cloud: begun within a month, a leap February, all of it stopped for days, and a new price', async () => {
  await machine.setPlan('cloud', plan('199.00', '2027-01-01T00:00:00Z'))
  await machine.setPrice('backup', '0.125')
  await client.topUp('600.00')
  // The last minute of the 10th in New York; in UTC it is the 11th.
  await machine.moveTo('2028-01-11T04:59:00.000Z')
  await client.changePlan('cloud', { node: 2 })
  await machine.moveTo('2028-01-15T15:00:00.000Z')
  await machine.setPlan('cloud', plan('210.00', '2028-04-01T04:00:00Z'))
  await machine.moveTo('2028-01-20T15:00:00.000Z')
  await client.use('backup', 64)

  // February has 29 days.
  await machine.moveTo('2028-02-01T05:00:00.000Z')
  await machine.moveTo('2028-02-10T15:00:00.000Z')
  await client.changePlan('cloud', { node: 3 })
  await machine.moveTo('2028-02-10T18:00:00.000Z')
  await client.changePlan('cloud', { node: 2 })
  await machine.moveTo('2028-02-11T04:59:59.999Z')
  await client.changePlan('cloud', { node: 3 })

  // March: nobody fired on the 1st, and on the 2nd the month is found short; its seven days end with the 8th.
  await machine.moveTo('2028-03-02T16:00:00.000Z')
  await machine.moveTo('2028-03-09T04:59:59.000Z')
  expect((await client.statement()).at(-1)).toBe('2028-03-02 plan_short 0.00 48.378197')
  await machine.moveTo('2028-03-09T05:00:00.000Z')
  // The clocks are set forward on the 12th: the 20th begins at 04:00 UTC.
  await machine.moveTo('2028-03-20T04:00:00.000Z')
  await client.topUp('500.00')
  await machine.moveTo('2028-03-25T12:00:00.000Z')
  await client.topUp('100.00')
  await machine.moveTo('2028-04-01T04:00:00.000Z')

  expect(await client.statement()).toEqual([
    '2028-01-05 top_up 600.00 600.00',
    // 22 of 31 days (10th to 31st): 199.00 − 57.774193 (9 of 31 days) = 141.225807, 99.00 − 28.741935 = 70.258065
    '2028-01-10 plan_change -211.483872 388.516128',
    // 64 × 0.125 = 8.00
    '2028-01-20 usage -8.00 380.516128',
    // 199.00 + 2 × 49.50 = 298.00
    '2028-02-01 plan -298.00 82.516128',
    // One node more: 20 of 29 days (10th to 29th) of 49.50 = 34.137931…
    '2028-02-10 plan_change -34.137931 48.378197',
    // And away again: the day has begun and is paid, so 19 of 29 days of 49.50 = 32.431034…, by the accrued days 32.431035
    '2028-02-10 plan_credit 32.431035 80.809232',
    // And back on the same day, in its last millisecond: what was given back, to the micro
    '2028-02-10 plan_change -32.431035 48.378197',
    // 199.00 + 3 × 49.50 = 347.50
    '2028-03-02 plan_short 0.00 48.378197',
    // Eight days of all, 347.50 × 8 ⁄ 31 = 89.67…, are more than there is: nothing goes on
    '2028-03-09 plan_stop 0.00 48.378197',
    '2028-03-20 top_up 500.00 548.378197',
    // 199.00 × 8 ⁄ 31 = 51.354838…, 148.50 × 8 ⁄ 31 = 38.322580…
    '2028-03-20 plan -89.677418 458.700779',
    // 12 of 31 days (20th to 31st): 199.00 − 121.967741 (19 of 31 days) = 77.032259, 148.50 − 91.016129 = 57.483871
    '2028-03-20 plan_resume -134.51613 324.184649',
    '2028-03-25 top_up 100.00 424.184649',
    // 210.00 + 3 × 49.50 = 358.50
    '2028-04-01 plan -358.50 65.684649',
  ])
  expect(await client.linesOf(12)).toEqual([
    '1–8: 1 base-fee at 199.00 = 51.354838',
    '20–31: 1 base-fee at 199.00 = 77.032259',
    '1–8: 3 node at 49.50 = 38.32258',
    '20–31: 3 node at 49.50 = 57.483871',
  ])
})
