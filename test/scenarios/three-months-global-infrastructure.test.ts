import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, type PrepaidMachine, startPrepaidMachine } from './prepaid-machine.ts'

let machine: PrepaidMachine
let client: Client

beforeAll(async () => {
  machine = await startPrepaidMachine('2027-08-25T00:00:00.000Z')
  client = await machine.openAccount({
    name: 'Global infrastructure client',
    clientType: 'global_infrastructure',
    timeZone: 'Pacific/Auckland',
  })
})
afterAll(() => machine?.stop())

/** Without a fee of its own; points of presence are what the client needs most. */
const plan = (transitFee: string, effectiveFrom: string) => ({
  ...{ name: 'Global', clientType: 'global_infrastructure', currency: 'USD', effectiveFrom },
  services: [
    { service: 'presence', name: 'Point of presence', unitFee: '320.00' },
    { service: 'transit', name: 'Transit', unitFee: transitFee },
    { service: 'scrubbing', name: 'Scrubbing', unitFee: '40.00' },
  ],
})

it('global infrastructure: two months short, a month of which half runs, and a price that falls', async () => {
  await machine.setPlan('global', plan('75.00', '2027-01-01T00:00:00Z'))
  await machine.setPrice('egress', '0.045')
  await client.topUp('1000.00')
  await client.choosePlan('global', { presence: 2, transit: 3, scrubbing: 1 })

  // September, 30 days, begins in Auckland twelve hours before it does in UTC.
  await machine.moveTo('2027-08-31T12:00:00.000Z')
  await machine.moveTo('2027-09-05T22:00:00.000Z')
  await client.changePlan('global', { presence: 2, transit: 2, scrubbing: 1 })
  await machine.moveTo('2027-09-15T00:00:00.000Z')
  await client.use('egress', 1000)
  await machine.moveTo('2027-09-20T00:00:00.000Z')
  await client.choosePlan('global', { presence: 2, transit: 2 })

  // The clocks were set forward on 26 September: October begins thirteen hours ahead.
  await machine.moveTo('2027-09-30T11:00:00.000Z')
  await machine.moveTo('2027-10-04T00:00:00.000Z')
  await client.topUp('400.00')
  // A price that falls needs no notice: transit for 60.00 from December on.
  await machine.setPlan('global', plan('60.00', '2027-11-30T11:00:00Z'))
  await machine.moveTo('2027-10-07T11:00:00.000Z')
  // In November nothing runs, and nothing is charged, until the 16th.
  await machine.moveTo('2027-10-31T11:00:00.000Z')
  await machine.moveTo('2027-11-15T20:00:00.000Z')
  await client.topUp('500.00')
  await machine.moveTo('2027-11-19T20:00:00.000Z')
  await client.changePlan('global', { presence: 2, transit: 3 })
  await machine.moveTo('2027-11-30T11:00:00.000Z')
  await machine.moveTo('2027-12-03T00:00:00.000Z')
  await client.topUp('500.00')

  expect(await client.statement()).toEqual([
    '2027-08-25 top_up 1000.00 1000.00',
    // 2 × 320.00 + 3 × 75.00 + 40.00 = 905.00
    '2027-09-01 plan -905.00 95.00',
    // One transit less from the 7th on: 24 of 30 days of 75.00 = 60.00
    '2027-09-06 plan_credit 60.00 155.00',
    // 1000 × 0.045 = 45.00
    '2027-09-15 usage -45.00 110.00',
    // 640.00 + 150.00 = 790.00
    '2027-10-01 plan_short 0.00 110.00',
    '2027-10-04 top_up 400.00 510.00',
    // Without transit 640.00 + 33.87 are still too much; without presence too it fits
    '2027-10-08 plan_stop 0.00 510.00',
    // 7 of 31 days: 640.00 × 7 ⁄ 31 = 144.516129…, 150.00 × 7 ⁄ 31 = 33.870967…
    '2027-10-08 plan -178.387096 331.612904',
    '2027-11-16 top_up 500.00 831.612904',
    // 15 of 30 days (16th to 30th) of 640.00 + 150.00 = 395.00
    '2027-11-16 plan_resume -395.00 436.612904',
    // One transit more: 11 of 30 days (20th to 30th) of 75.00 = 27.50
    '2027-11-20 plan_change -27.50 409.112904',
    // 640.00 + 3 × 60.00 = 820.00: short of 410.887096
    '2027-12-01 plan_short 0.00 409.112904',
    '2027-12-03 top_up 500.00 909.112904',
    '2027-12-03 plan -820.00 89.112904',
  ])
  expect(await client.linesOf(11)).toEqual([
    '16–30: 2 presence at 320.00 = 320.00',
    '16–19: 2 transit at 75.00 = 20.00',
    '20–30: 3 transit at 75.00 = 82.50',
  ])
})
