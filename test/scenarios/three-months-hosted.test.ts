import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, type PrepaidMachine, startPrepaidMachine } from './prepaid-machine.ts'

let machine: PrepaidMachine
let client: Client

beforeAll(async () => {
  machine = await startPrepaidMachine('2027-03-20T09:00:00.000Z')
  client = await machine.openAccount({
    name: 'Hosted client',
    clientType: 'hosted',
    timeZone: 'Europe/Berlin',
  })
})
afterAll(() => machine?.stop())

const plan = (seatFee: string, effectiveFrom: string) => ({
  ...{ name: 'Hosted', clientType: 'hosted', currency: 'USD', effectiveFrom, baseFee: '10.00' },
  services: [
    { service: 'seat', name: 'Seat', unitFee: seatFee },
    { service: 'number', name: 'Number', unitFee: '2.50' },
  ],
})

it('a hosted client: seats that come and go, a short month, a stop, a resumption and a new price', async () => {
  await machine.setPlan('hosted', plan('4.90', '2027-01-01T00:00:00Z'))
  await machine.setPrice('sms', '0.05')
  await client.topUp('250.00')
  await client.choosePlan('hosted', { seat: 10 })

  // April, 30 days, began in Berlin two hours before it did in UTC.
  await machine.moveTo('2027-03-31T21:59:59.000Z')
  expect(await client.available()).toBe('250.00')
  await machine.moveTo('2027-03-31T22:00:00.000Z')
  await machine.moveTo('2027-04-05T10:00:00.000Z')
  await client.use('sms', 40)
  await machine.moveTo('2027-04-12T08:00:00.000Z')
  await client.changePlan('hosted', { seat: 40 })
  // From 1 June on, said well ahead.
  await machine.moveTo('2027-04-20T09:00:00.000Z')
  await machine.setPlan('hosted', plan('5.50', '2027-05-31T22:00:00Z'))
  // Half an hour into the 25th in Berlin, and still the 24th in UTC.
  await machine.moveTo('2027-04-24T22:30:00.000Z')
  await client.changePlan('hosted', { seat: 20 })
  await client.choosePlan('hosted', { seat: 25, number: 4 })
  await machine.moveTo('2027-04-28T10:00:00.000Z')
  await client.use('sms', 100)

  // May, 31 days: too little credit. Everything runs until the 8th.
  await machine.moveTo('2027-04-30T22:00:00.000Z')
  await machine.moveTo('2027-05-03T10:00:00.000Z')
  await client.topUp('20.00')
  await machine.moveTo('2027-05-07T21:59:59.000Z')
  expect((await client.statement()).at(-1)).toBe('2027-05-03 top_up 20.00 127.233333')
  await machine.moveTo('2027-05-07T22:00:00.000Z')
  await machine.moveTo('2027-05-09T12:00:00.000Z')
  await machine.moveTo('2027-05-10T12:00:00.000Z')
  await client.topUp('10.00')
  await machine.moveTo('2027-05-28T12:00:00.000Z')
  await client.topUp('200.00')

  // June, 30 days, at the new price, until the client leaves.
  await machine.moveTo('2027-05-31T22:00:00.000Z')
  await machine.moveTo('2027-06-15T12:00:00.000Z')
  await client.changePlan(null, {})
  await machine.moveTo('2027-06-30T22:00:00.000Z')

  expect(await client.statement()).toEqual([
    '2027-03-20 top_up 250.00 250.00',
    // 10.00 + 10 × 4.90 = 59.00
    '2027-04-01 plan -59.00 191.00',
    // 40 × 0.05 = 2.00
    '2027-04-05 usage -2.00 189.00',
    // 30 seats more = 147.00 a month; 19 of 30 days (12th to 30th) of 147.00 = 93.10
    '2027-04-12 plan_change -93.10 95.90',
    // 20 seats less = 98.00 a month; 5 of 30 days (26th to 30th) of 98.00 = 16.333333…
    '2027-04-25 plan_credit 16.333333 112.233333',
    // 100 × 0.05 = 5.00
    '2027-04-28 usage -5.00 107.233333',
    // 10.00 + 25 × 4.90 + 4 × 2.50 = 142.50: short of 35.266667
    '2027-05-01 plan_short 0.00 107.233333',
    '2027-05-03 top_up 20.00 127.233333',
    // Without its numbers the month would be 10.00 + 122.50 + 10.00 × 7 ⁄ 31 = 134.758064: still too much. Without seats it fits.
    '2027-05-08 plan_stop 0.00 127.233333',
    // 10.00 + 122.50 × 7 ⁄ 31 (= 27.661290…) + 10.00 × 7 ⁄ 31 (= 2.258064…) = 39.919354
    '2027-05-08 plan -39.919354 87.313979',
    '2027-05-10 top_up 10.00 97.313979',
    // 22 of 31 days (10th to 31st): 122.50 − 35.564516 (9 of 31 days) = 86.935484, 10.00 − 2.903225 = 7.096775; two days ran nothing
    '2027-05-10 plan_resume -94.032259 3.28172',
    '2027-05-28 top_up 200.00 203.28172',
    // 10.00 + 25 × 5.50 + 4 × 2.50 = 157.50
    '2027-06-01 plan -157.50 45.78172',
    // 15 of 30 days (16th to 30th) of 157.50 = 78.75
    '2027-06-15 plan_credit 78.75 124.53172',
  ])
  expect(await client.linesOf(5)).toEqual([
    '1 base-fee at 10.00 = 10.00',
    // 49.00 × 11 ⁄ 30 = 17.966666…
    '1–11: 10 seat at 4.90 = 17.966666',
    // 196.00 × 25 ⁄ 30 − 196.00 × 11 ⁄ 30 = 163.333333 − 71.866666
    '12–25: 40 seat at 4.90 = 91.466667',
    // 98.00 − 98.00 × 25 ⁄ 30 = 98.00 − 81.666666
    '26–30: 20 seat at 4.90 = 16.333334',
  ])
  expect(await client.linesOf(12)).toEqual([
    '1 base-fee at 10.00 = 10.00',
    '1–7: 4 number at 2.50 = 2.258064',
    '10–31: 4 number at 2.50 = 7.096775',
    '1–7: 25 seat at 4.90 = 27.66129',
    '10–31: 25 seat at 4.90 = 86.935484',
  ])
})
