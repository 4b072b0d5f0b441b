import { describe, expect, it } from 'vitest'
import type { EventDetail } from '../../functions/events/event.ts'
import type { NoticeEvent } from '../../functions/notices/notice.ts'
import { renderNotice } from '../../functions/notices/render-notice.ts'

const accountId = 'acc_notice01'
const usd = (amount: string) => ({ amount, currency: 'USD' })
const account = { accountId, name: 'Fish & <Chips> "Ltd"', timeZone: 'America/New_York', currency: 'USD' }
const portalUrl = 'https://portal.example.com'
const entry = {
  id: 'i',
  accountId,
  at: '2026-12-01T04:30:00.000Z',
  sequence: 3,
  available: usd('9.50'),
  reason: 'r',
}
const warning: NoticeEvent = {
  detailType: 'plan.warning',
  detail: {
    id: 'i',
    accountId,
    at: entry.at,
    period: '2026-12',
    chargeDate: '2026-12-01',
    need: usd('24.50'),
    credit: usd('9.999999'),
    expectedUsage: usd('0.00'),
    projectedCredit: usd('9.999999'),
    shortfall: usd('14.51'),
    exactShortfall: usd('14.500001'),
    topUpUrl: `${portalUrl}/top-up?account=${accountId}&amount=14.51&currency=USD`,
  },
}
const shortMonth: NoticeEvent = {
  detailType: 'plan.short',
  detail: {
    ...entry,
    period: '2026-12',
    localDate: '2026-12-01',
    planId: 'p',
    planVersion: 1,
    planName: '<script>alert(1)</script>',
    lines: [],
    owed: usd('24.50'),
    owedBefore: usd('1.000001'),
    shortfall: usd('16.000001'),
  },
}
const expiring: NoticeEvent = {
  detailType: 'credit.expiring',
  detail: {
    id: 'i',
    accountId,
    at: entry.at,
    amount: usd('25.50'),
    expiresAt: '2027-01-01T05:00:00.000Z',
    lastDay: '2026-12-31',
    daysBefore: 7,
  },
}
const cardExpiring: NoticeEvent = {
  detailType: 'card.expiring',
  detail: {
    id: 'i',
    accountId,
    at: entry.at,
    paymentMethodId: 'pm_1',
    brand: 'visa',
    lastFour: '4242',
    expiresIn: '2026-12',
    role: 'default',
    lastDay: '2026-12-31',
    daysBefore: 7,
  },
}
const dispute = {
  id: 'i',
  accountId,
  at: entry.at,
  disputeId: 'du_1',
  topUpId: 'top_1',
  amount: usd('50.00'),
  reason: 'fraudulent',
}
const left = (owed: string) => ({ available: usd('0.00'), owedInAll: usd(owed) })
const disputed: NoticeEvent = {
  detailType: 'dispute.opened',
  detail: { ...dispute, ...left('20.000001'), sequence: 3, taken: usd('30.00'), owed: usd('20.00') },
}
const refund = {
  ...{ id: 'i', accountId, at: entry.at, refundId: 'ref_1', topUpId: 'top_1' },
  ...{ amount: usd('20.00'), origin: 'staff' as const, reason: 'You asked for it' },
}
const autoTopUpFailure = {
  ...{ id: 'i', accountId, at: entry.at, reason: 'declined' as const, topUpId: 'top_1' },
  ...{ amount: usd('45.00'), failureCode: 'generic_decline', failuresInARow: 3 },
}
const autoTopUpPaused: NoticeEvent = { detailType: 'auto_top_up.paused', detail: autoTopUpFailure }
const capReached: NoticeEvent = {
  detailType: 'auto_top_up.cap_reached',
  detail: {
    ...{ id: 'i', accountId, at: entry.at, month: '2026-12', percent: 100 },
    ...{ charged: usd('160.00'), monthlyCap: usd('200.00'), heldBack: usd('45.00') },
  },
}
const priceChange: NoticeEvent = {
  detailType: 'plan.price_change',
  detail: {
    ...{ id: 'i', accountId, at: entry.at, planId: 'p', planVersion: 2, planName: '<b>Seats</b>' },
    ...{ effectiveFrom: '2027-01-15T00:00:00.000Z', fromPeriod: '2027-02', fromDate: '2027-02-01' },
    ...{ before: usd('15.00'), after: usd('18.00') },
    fees: [{ service: 'seat', name: 'Seat', before: usd('5.00'), after: usd('6.00') }],
    planUrl: `${portalUrl}/portal?account=${accountId}`,
  },
}
const services = [
  { service: 'trunk', name: '<b>Trunks</b>' },
  { service: 'number', name: 'Numbers' },
]
const reminder: NoticeEvent = {
  detailType: 'plan.reminder',
  detail: {
    ...{ id: 'i', accountId, at: entry.at, periods: ['2026-12'], stopsOn: '2026-12-08', services },
    ...{ owed: usd('24.50'), available: usd('9.999999') },
    ...{ shortfall: usd('14.51'), exactShortfall: usd('14.500001') },
    topUpUrl: `${portalUrl}/top-up?account=${accountId}&amount=14.51&currency=USD`,
  },
}
const stop = { ...entry, period: '2026-12', planName: 'Full', fromDate: '2026-12-08', services }
const suspended: NoticeEvent = {
  detailType: 'service.suspended',
  detail: { ...stop, owed: usd('6.00'), shortfall: usd('14.500001') },
}
const ranAgain: NoticeEvent = {
  detailType: 'service.resumed',
  detail: { ...stop, amount: usd('8.00'), stillStopped: ['fax'] },
}
const events: NoticeEvent[] = [
  warning,
  shortMonth,
  {
    detailType: 'balance.low',
    detail: { id: 'i', accountId, at: entry.at, available: usd('9.50'), threshold: usd('10.00') },
  },
  { detailType: 'top_up.settled', detail: { ...entry, amount: usd('50.00'), topUpId: 'top_1' } },
  disputed,
  {
    detailType: 'dispute.won',
    detail: { ...dispute, ...left('0.00'), sequence: 4, returned: usd('30.00'), paidOwed: usd('20.00') },
  },
  { detailType: 'top_up_refund.succeeded', detail: { ...refund, autoTopUpSwitchedOff: true } },
  { detailType: 'top_up_refund.failed', detail: { ...refund, failureCode: 'expired_or_canceled_card' } },
  { detailType: 'usage.refused', detail: { ...entry, refusedCount: 3, outOfCreditCount: 2 } },
  expiring,
  cardExpiring,
  autoTopUpPaused,
  { detailType: 'auto_top_up.disabled', detail: autoTopUpFailure },
  capReached,
  priceChange,
  reminder,
  suspended,
  ranAgain,
]

/** What is left of HTML when only its text is read. */
const readText = (html: string) =>
  html
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')

describe('a notice', () => {
  it('links to a payment of exactly what could not be charged automatically', () => {
    for (const event of [autoTopUpPaused, capReached]) {
      const { text } = renderNotice(event, account, portalUrl)
      expect(text).toContain(`${portalUrl}/top-up?account=${accountId}&amount=45.00&currency=USD`)
    }
  })

  it('says the exact shortfall, the date, and links to a top-up of just that', () => {
    const { subject, text, html } = renderNotice(warning, account, portalUrl)
    expect(subject).toBe('Top up 14.51 USD before 2026-12-01')
    for (const part of ['2026-12-01', '24.50 USD', '9.999999 USD', '14.51 USD']) {
      expect(text).toContain(part)
      expect(readText(html)).toContain(part)
    }
    const url = `${portalUrl}/top-up?account=${accountId}&amount=14.51&currency=USD`
    expect(text).toContain(`\n${url}\n`)
    expect(html).toContain(`href="${url.replaceAll('&', '&amp;')}"`)
  })

  it('says before the monthly limit is reached that charging goes on until it is', () => {
    const { heldBack: _, ...detail } = capReached.detail as EventDetail<'auto_top_up.cap_reached'>
    const near = { detailType: 'auto_top_up.cap_reached', detail: { ...detail, percent: 80 } } as const
    expect(renderNotice(near, account, portalUrl).text).toContain('until the limit is reached')
    expect(renderNotice(capReached, account, portalUrl).text).toContain('To go on you can top up by hand')
  })

  it('keeps whoever is topped up automatically from paying by hand for the same', () => {
    const low = events.find(({ detailType }) => detailType === 'balance.low')!
    for (const event of [warning, shortMonth, low])
      expect(renderNotice(event, account, portalUrl).text).toContain('If automatic top-up is on')
  })

  it('asks for all that is owed, in whole coins, when a month was short', () => {
    const { text } = renderNotice(shortMonth, account, portalUrl)
    expect(text).toContain('Owed for earlier months: 1.000001 USD')
    expect(text).toContain('amount=16.01&currency=USD')
  })

  it('reminds of the day on which services stop, names them, and links to a top-up of what is missing', () => {
    const { subject, text } = renderNotice(reminder, account, portalUrl)
    expect(subject).toBe('Services stop on 2026-12-08: top up 14.51 USD')
    expect(text).toContain('<b>Trunks</b>, Numbers')
    expect(text).toContain('amount=14.51&currency=USD')
  })

  it('says what has stopped and with how much all of it runs again, and what runs again', () => {
    const stopped = renderNotice(suspended, account, portalUrl)
    expect(stopped.text).toContain('With 14.51 USD all of them run again by themselves')
    expect(stopped.text).toContain('amount=14.51&currency=USD')
    const again = renderNotice(ranAgain, account, portalUrl)
    expect(again.text).toContain('8.00 USD was charged for the rest of the month')
    expect(again.text).toContain('Others are stopped still')
  })

  it('is a receipt for a top-up: amount, balance after it, date in the account’s time zone', () => {
    const { subject, text } = renderNotice(events[3]!, account, portalUrl)
    expect(subject).toBe('Receipt: 50.00 USD received')
    expect(text).toContain('Amount: 50.00 USD')
    expect(text).toContain('Credit after it: 9.50 USD')
    expect(text).toContain('Date: 2026-11-30 23:30 (America/New_York)')
    expect(text).toContain('Reference: top_1')
  })

  it('says in a receipt that nobody paid by hand, where the card was charged automatically', () => {
    const receipt = events[3] as NoticeEvent & { detailType: 'top_up.settled' }
    const detail = { ...receipt.detail, reason: 'Automatic top-up by saved card' }
    const { text } = renderNotice({ ...receipt, detail }, account, portalUrl)
    expect(text).toContain('Payment: Automatic top-up by saved card')
  })

  it('tells of a refund with its amount and reason, and of one that failed without the provider’s codes', () => {
    const of = (name: string) => events.find(({ detailType }) => detailType === name)!
    const made = renderNotice(of('top_up_refund.succeeded'), account, portalUrl)
    expect(made.subject).toBe('Refund: 20.00 USD goes back to your card')
    expect(made.text).toContain('Reason: You asked for it')
    const failed = renderNotice(of('top_up_refund.failed'), account, portalUrl)
    expect(failed.subject).toBe('Your refund of 20.00 USD did not reach your card')
    expect(failed.text).not.toContain('expired_or_canceled_card')
  })

  it('says in a receipt what of it paid what was owed', () => {
    const detail = { ...events[3]!.detail, paidOwed: usd('20.00') }
    const { text } = renderNotice({ ...events[3]!, detail } as NoticeEvent, account, portalUrl)
    expect(text).toContain('20.00 USD of it paid what you owed')
    expect(text).toContain('Paid of what you owed: 20.00 USD')
    const all = { ...detail, paidOwed: usd('50.00'), available: usd('0.00') }
    const whole = renderNotice({ ...events[3]!, detail: all } as NoticeEvent, account, portalUrl).text
    expect(whole).toContain('All of it paid what you owed')
    expect(whole).not.toContain('added to your credit')
    expect(whole).toContain('Credit after it: 0.00 USD')
  })

  it('says what a dispute took and what is owed, in whole coins where it links to a top-up', () => {
    const { subject, text } = renderNotice(disputed, account, portalUrl)
    expect(subject).toBe('A payment of 50.00 USD was disputed')
    expect(text).toContain('Taken out of your credit: 30.00 USD')
    expect(text).toContain('Owed: 20.000001 USD')
    expect(text).toContain('amount=20.01&currency=USD')
  })

  it('adds to what is missing for a month what is owed for a payment', () => {
    const detail = { ...warning.detail, owedForPayments: usd('5.00') } as typeof warning.detail
    const { text } = renderNotice({ ...warning, detail } as NoticeEvent, account, portalUrl)
    expect(text).toContain('Owed for a payment that was taken back: 5.00 USD')
  })

  it('names what expires and the last day on which it may be used', () => {
    const { subject, text } = renderNotice(expiring, account, portalUrl)
    expect(subject).toBe('25.50 USD of your credit expires on 2026-12-31')
    expect(text).toContain('up to the end of 2026-12-31 (America/New_York)')
  })

  it('shows in a warning what expires before the charge', () => {
    const detail = { ...warning.detail, expiring: usd('6.00') } as typeof warning.detail
    const { text } = renderNotice({ ...warning, detail } as NoticeEvent, account, portalUrl)
    expect(text).toContain('Expires before it: 6.00 USD')
  })

  it('says the same in both parts, with at most one link', () => {
    for (const event of events) {
      const { text, html, subject } = renderNotice(event, account, portalUrl)
      const read = readText(html)
      const links = [...html.matchAll(/<a href="([^"]+)"/g)].map(([, url]) => url!.replaceAll('&amp;', '&'))
      expect(links.length).toBeLessThanOrEqual(1)
      for (const url of links) expect(text).toContain(url)
      for (const line of text.split('\n').filter((line) => line && !line.startsWith('https:'))) {
        const [name, value] = line.split(/: (.*)/)
        expect(read).toContain(name!.replace(/:$/, ''))
        if (value) expect(read).toContain(value)
      }
      expect(read).toContain(subject)
    }
  })

  it('escapes whatever an account or a plan calls itself', () => {
    for (const event of events) {
      const { html, subject } = renderNotice(
        event,
        { ...account, name: '<b>x</b>\r\nBcc: all@example.com' },
        portalUrl,
      )
      expect(html).not.toMatch(/<script|<b>/)
      expect(subject).not.toMatch(/[\r\n]/)
    }
  })
})
