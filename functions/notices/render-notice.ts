import type { Account } from '../accounts/account.ts'
import { localDateTime } from '../accounts/billing-period.ts'
import type { EventDetail } from '../events/event.ts'
import type { Money } from '../ledger/money.ts'
import { money, readAmount } from '../ledger/money.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import { topUpLink } from '../top-up/top-up-link.ts'
import { layOutNotice, type NoticeContent } from './lay-out-notice.ts'
import type { RenderedMail } from './mail.ts'
import type { NoticeEvent } from './notice.ts'
import { tellOfTerms } from './render-terms-notice.ts'
import { tellOfPrivacy } from './tell-of-privacy.ts'

/**
 * The e-mail of an event: what happened, the figures, and where there is something to do one link that does it. Amounts
 * carry their currency and are exact; a link to top up asks for exactly what is missing, rounded up to a coin. Of what a person
 * is told once for all of their accounts, `otherAccounts` are the names of the others.
 */
export function renderNotice(
  event: NoticeEvent,
  account: Pick<Account, 'accountId' | 'name' | 'timeZone' | 'currency'>,
  portalUrl: string,
  otherAccounts: readonly string[] = [],
): RenderedMail {
  return layOutNotice({ ...contentOf(event, account, portalUrl, otherAccounts), accountName: account.name })
}

type Content = Omit<NoticeContent, 'accountName'>

function contentOf(
  event: NoticeEvent,
  account: Pick<Account, 'accountId' | 'timeZone' | 'currency'>,
  portalUrl: string,
  otherAccounts: readonly string[],
): Content {
  const { accountId, currency, timeZone } = account
  switch (event.detailType) {
    case 'plan.warning':
      return warnOfShortfall(event.detail)
    case 'plan.short': {
      const { period, planName, owed, owedBefore, owedForPayments, available, shortfall, stopsOn } =
        event.detail
      const missing = payable(shortfall)
      return {
        subject: `Your service plan for ${period} could not be charged`,
        paragraphs: [
          `${planName} for ${period} could not be charged, because your credit does not cover it. It is charged by itself as soon as you have topped up ${show(missing)}.`,
          ...(stopsOn === undefined
            ? []
            : [
                `Everything runs on until then. If it is still owed on ${stopsOn}, services stop from that day on, and you are not charged for days on which they are stopped.`,
              ]),
          IF_AUTOMATIC,
        ],
        figures: [
          ['Month', period],
          ['Owed for this month', show(owed)],
          ...(isZero(owedBefore) ? [] : [['Owed for earlier months', show(owedBefore)] as [string, string]]),
          ...owedForPaymentsLine(owedForPayments),
          ['Your credit', show(available)],
          ['Missing', show(missing)],
          ...(stopsOn === undefined ? [] : [['Services stop on', stopsOn] as [string, string]]),
        ],
        action: { label: `Top up ${show(missing)}`, url: topUpLink(portalUrl, accountId, missing) },
      }
    }
    case 'plan.price_change':
      return tellOfPriceChange(event.detail)
    case 'terms.published':
    case 'terms.reminder':
      return tellOfTerms(event, timeZone, otherAccounts)
    case 'plan.reminder':
      return tellOfGrace(event.detail)
    case 'service.suspended':
      return tellOfStop(event.detail, accountId, portalUrl)
    case 'service.resumed':
      return tellOfResumption(event.detail)
    case 'balance.low': {
      const { available, threshold, at } = event.detail
      return {
        subject: `Your credit is low: ${show(available)}`,
        paragraphs: [
          `Your credit has fallen below ${show(threshold)}, the threshold that is set for your account. When it is used up, services are refused.`,
          IF_AUTOMATIC,
        ],
        figures: [
          ['Your credit', show(available)],
          ['Threshold', show(threshold)],
          ['Seen', `${localDateTime(at, timeZone)} (${timeZone})`],
        ],
        action: { label: 'Top up', url: topUpLink(portalUrl, accountId, { currency }) },
      }
    }
    case 'top_up.settled': {
      const { amount, paidOwed, available, at, topUpId, reason } = event.detail
      return {
        subject: `Receipt: ${show(amount)} received`,
        paragraphs: [whatBecameOf(amount, paidOwed)],
        figures: [
          ['Amount', show(amount)],
          // Whoever did not pay by hand reads here that it was charged automatically.
          ['Payment', reason],
          ...(paidOwed ? [['Paid of what you owed', show(paidOwed)] as [string, string]] : []),
          ['Date', `${localDateTime(at, timeZone)} (${timeZone})`],
          ['Credit after it', show(available)],
          ...(topUpId === undefined ? [] : [['Reference', topUpId] as [string, string]]),
        ],
      }
    }
    case 'privacy.export_ready':
    case 'privacy.extended':
    case 'privacy.erased':
      return tellOfPrivacy(event)
    case 'dispute.opened':
    case 'dispute.lost':
      return tellOfTaking(event.detail, accountId, portalUrl)
    case 'dispute.won':
      return tellOfReturn(event.detail)
    case 'credit.expiring': {
      const { amount, lastDay } = event.detail
      return {
        subject: `${show(amount)} of your credit expires on ${lastDay}`,
        paragraphs: [
          `${show(amount)} of your credit can be used up to the end of ${lastDay} (${timeZone}). What is left of it then is gone.`,
          'It is used before your other credit: you need not do anything for that.',
        ],
        figures: [
          ['Expires', show(amount)],
          ['Last day', lastDay],
        ],
      }
    }
    case 'top_up_refund.succeeded': {
      const { amount, topUpId, reason, autoTopUpSwitchedOff } = event.detail
      return {
        subject: `Refund: ${show(amount)} goes back to your card`,
        paragraphs: [
          `We have refunded ${show(amount)} of your top-up to the card that paid it, and taken it from your credit. Banks take up to ten business days to show it.`,
          ...(autoTopUpSwitchedOff
            ? [
                'Automatic top-up would have charged your card for it again, so we have switched it off. You may switch it on again at any time.',
              ]
            : []),
        ],
        figures: [
          ['Amount', show(amount)],
          ['Reason', reason],
          ['Reference', topUpId],
        ],
      }
    }
    case 'top_up_refund.failed': {
      const { amount, topUpId } = event.detail
      return {
        subject: `Your refund of ${show(amount)} did not reach your card`,
        paragraphs: [
          `A refund of ${show(amount)} to the card that paid your top-up did not go through. The amount has come back to us, and you have it on your account again.`,
          'The card may have expired or been replaced. Write to us if you want the money in another way.',
        ],
        figures: [
          ['Amount', show(amount)],
          ['Reference', topUpId],
        ],
      }
    }
    case 'card.expiring': {
      const { brand, lastFour, lastDay, role } = event.detail
      const use =
        role === 'backup' ? 'the backup card of your account' : 'the card that your account pays with'
      return {
        subject: `Your card ending in ${lastFour} expires on ${lastDay}`,
        paragraphs: [
          `The card ending in ${lastFour} is ${use}. It can be used up to the end of ${lastDay} (${timeZone}); after that nothing is charged to it automatically.`,
          'If your bank has sent you a new card, save that one. Where the bank tells us of it, you need not do anything.',
        ],
        figures: [
          ['Card', `${brand} ending in ${lastFour}`],
          ['Last day', lastDay],
        ],
      }
    }
    case 'auto_top_up.paused': {
      const { amount, topUpId, reason } = event.detail
      return {
        subject: `Automatic top-up is paused: ${show(amount)} could not be charged`,
        paragraphs: [
          `${WHY_NOT_CHARGED[reason]} Your card is not tried again by itself.`,
          'Automatic top-up goes on as soon as you have topped up by hand, or have made another card your default.',
        ],
        figures: [
          ['Not charged', show(amount)],
          ['Reference', topUpId],
        ],
        action: { label: `Top up ${show(amount)}`, url: topUpLink(portalUrl, accountId, amount) },
      }
    }
    case 'auto_top_up.disabled': {
      const { amount, topUpId, failuresInARow } = event.detail
      return {
        subject: 'Automatic top-up has stopped: your card could not be charged',
        paragraphs: [
          `${failuresInARow} automatic charges in a row have failed. Your card is not charged automatically any more.`,
          'Automatic top-up goes on once you have made another card your default. Until then, top up by hand.',
        ],
        figures: [
          ['Not charged', show(amount)],
          ['Reference', topUpId],
        ],
        action: { label: `Top up ${show(amount)}`, url: topUpLink(portalUrl, accountId, amount) },
      }
    }
    case 'auto_top_up.cap_reached': {
      const { month, percent, charged, monthlyCap, heldBack } = event.detail
      return {
        subject:
          percent === 100
            ? `No more automatic top-ups in ${month}: your monthly limit is reached`
            : `${percent} % of your monthly limit for automatic top-ups is used`,
        paragraphs: [
          heldBack
            ? `Your credit needed another ${show(heldBack)}, which would have gone above your monthly limit: it was not charged.`
            : `We have charged ${show(charged)} automatically in ${month}. We never charge more than your monthly limit of ${show(monthlyCap)}.`,
          percent === 100
            ? 'To go on you can top up by hand, or raise the limit.'
            : 'Your card is charged automatically until the limit is reached. After that you can top up by hand, or raise the limit.',
        ],
        figures: [
          ['Month', month],
          ['Charged automatically', show(charged)],
          ['Monthly limit', show(monthlyCap)],
          ...(heldBack ? [['Not charged', show(heldBack)] as [string, string]] : []),
        ],
        action: { label: 'Top up', url: topUpLink(portalUrl, accountId, heldBack ?? { currency }) },
      }
    }
    case 'usage.refused': {
      const { available, at } = event.detail
      return {
        subject: 'Your credit ran out: usage was refused',
        paragraphs: [
          'Your credit did not cover what was used, and services were refused. More may be refused until you top up; we write about this once, not for each.',
        ],
        figures: [
          ['Your credit', show(available)],
          ['First refused', `${localDateTime(at, timeZone)} (${timeZone})`],
        ],
        action: { label: 'Top up', url: topUpLink(portalUrl, accountId, { currency }) },
      }
    }
  }
}

function tellOfPriceChange(detail: EventDetail<'plan.price_change'>): Content {
  const { planName, fromDate, before, after, fees, planUrl } = detail
  const rises = readAmount(after.amount) > readAmount(before.amount)
  return {
    subject: `From ${fromDate} your service plan costs ${show(after)} a month`,
    paragraphs: [
      `The fees of ${planName} change. For what you take now, a month ${rises ? 'rises' : 'falls'} from ${show(before)} to ${show(after)}. The first month at the new fees is charged on ${fromDate}; until then nothing changes.`,
      ...(rises
        ? ['If you do not agree, you can change your plan or end it before then, at no cost.']
        : ['You need not do anything.']),
    ],
    figures: [
      ['Until then, a month', show(before)],
      [`From ${fromDate}, a month`, show(after)],
      ...fees.map((fee): [string, string] => [
        fee.name,
        `${show(fee.before)} until then, ${show(fee.after)} after`,
      ]),
    ],
    action: { label: 'Look at your plan', url: planUrl },
  }
}

/** Says in plain words what is expected to be used, and from which days that follows. */
function warnOfShortfall(detail: EventDetail<'plan.warning'>): Content {
  const { chargeDate, need, credit, expectedUsage, expiring, projectedCredit, owedForPayments } = detail
  const { pace, resumption, shortfall, topUpUrl } = detail
  const isUsed = pace !== undefined && !isZero(expectedUsage)
  const then = `On ${chargeDate} your service plan is charged.`
  return {
    subject: `Top up ${show(shortfall)} before ${chargeDate}`,
    paragraphs: isUsed
      ? [
          `${then} By then your credit will not cover it: ${show(shortfall)} is missing.`,
          `We expect you to use ${show(expectedUsage)} until then, as you used ${show(pace.perDay)} a day ${daysOf(pace)}. If you use more, more will be missing; if you use less, the rest stays your credit.`,
          IF_AUTOMATIC,
        ]
      : [
          `${then} Your credit does not cover it yet: ${show(shortfall)} is missing.`,
          'What you use until then lowers your credit further.',
          IF_AUTOMATIC,
        ],
    figures: [
      ['Charge date', chargeDate],
      ['Needed', show(need)],
      ['Your credit', show(credit)],
      ...(isUsed ? [['Expected to be used until then', show(expectedUsage)] as [string, string]] : []),
      ...(expiring ? [['Expires before it', show(expiring)] as [string, string]] : []),
      ...(isUsed || expiring ? [['Expected credit then', show(projectedCredit)] as [string, string]] : []),
      ...owedForPaymentsLine(owedForPayments),
      ...(resumption ? [['Services that stopped run again', show(resumption)] as [string, string]] : []),
      ['Missing', show(shortfall)],
    ],
    action: { label: `Top up ${show(shortfall)}`, url: topUpUrl },
  }
}

function daysOf({ from, to, days }: NonNullable<EventDetail<'plan.warning'>['pace']>): string {
  return days === 1 ? `on ${from}` : `on the ${days} days from ${from} to ${to}`
}

function tellOfGrace(detail: EventDetail<'plan.reminder'>): Content {
  const { periods, owed, owedForPayments, available, shortfall, stopsOn, services, topUpUrl } = detail
  const months = periods.join(', ')
  return {
    subject: `Services stop on ${stopsOn}: top up ${show(shortfall)}`,
    paragraphs: [
      `Your service plan for ${months} is not paid yet, because your credit does not cover it. It is paid by itself as soon as you have topped up ${show(shortfall)}.`,
      services.length === 0
        ? `If it is still owed on ${stopsOn}, services stop from that day on.`
        : `If it is still owed on ${stopsOn}, these stop from that day on: ${listServices(services)}.`,
      'You are not charged for days on which a service is stopped.',
      IF_AUTOMATIC,
    ],
    figures: [
      ['Months', months],
      ['Owed', show(owed)],
      ...owedForPaymentsLine(owedForPayments),
      ['Your credit', show(available)],
      ['Missing', show(shortfall)],
      ['Services stop on', stopsOn],
    ],
    action: { label: `Top up ${show(shortfall)}`, url: topUpUrl },
  }
}

function tellOfStop(detail: EventDetail<'service.suspended'>, accountId: string, portalUrl: string): Content {
  const { services, fromDate, owed, available, shortfall } = detail
  const missing = payable(shortfall)
  return {
    subject: `Services have stopped: ${listServices(services)}`,
    paragraphs: [
      `Your service plan was not paid in time, because your credit does not cover it. From ${fromDate} on these are stopped: ${listServices(services)}. You are not charged for days on which they are stopped.`,
      `With ${show(missing)} all of them run again by themselves, for the rest of the month. With less, what is owed is paid first, and then those run again that your credit covers.`,
      IF_AUTOMATIC,
    ],
    figures: [
      ['Stopped', listServices(services)],
      ['From', fromDate],
      ['Owed', show(owed)],
      ['Your credit', show(available)],
      ['Missing', show(missing)],
    ],
    action: { label: `Top up ${show(missing)}`, url: topUpLink(portalUrl, accountId, missing) },
  }
}

function tellOfResumption(detail: EventDetail<'service.resumed'>): Content {
  const { services, fromDate, amount, available, stillStopped } = detail
  return {
    subject: `Services run again: ${listServices(services)}`,
    paragraphs: [
      `From ${fromDate} on these run again: ${listServices(services)}. ${show(amount)} was charged for the rest of the month.`,
      ...(stillStopped.length > 0
        ? ['Others are stopped still: they run again as soon as your credit covers them.']
        : []),
    ],
    figures: [
      ['Run again', listServices(services)],
      ['Charged', show(amount)],
      ['Your credit', show(available)],
    ],
  }
}

function listServices(services: readonly { name: string }[]): string {
  return services.map(({ name }) => name).join(', ')
}

/** Told only of a change that took something: its amounts are there then. */
function tellOfTaking(detail: EventDetail<'dispute.opened'>, accountId: string, portalUrl: string): Content {
  const nothing = money(0n, detail.amount.currency)
  const { amount, taken = nothing, available = nothing, owedInAll = nothing, topUpId } = detail
  const missing = payable(owedInAll)
  const isOwed = !isZero(owedInAll)
  return {
    subject: `A payment of ${show(amount)} was disputed`,
    paragraphs: [
      `The bank of the card that paid your top-up has taken ${show(amount)} back. We have taken ${show(taken)} out of your credit for it. If automatic top-up was on, it is off now.`,
      isOwed
        ? `You owe ${show(owedInAll)}. Your next top-up pays this first; only the rest of it becomes credit.`
        : 'If you did not mean to dispute this payment, ask your bank to withdraw the dispute.',
    ],
    figures: [
      ['Disputed', show(amount)],
      ['Taken out of your credit', show(taken)],
      ['Owed', show(owedInAll)],
      ['Your credit', show(available)],
      ['Reference', topUpId],
    ],
    ...(isOwed && {
      action: { label: `Top up ${show(missing)}`, url: topUpLink(portalUrl, accountId, missing) },
    }),
  }
}

function tellOfReturn(detail: EventDetail<'dispute.won'>): Content {
  const nothing = money(0n, detail.amount.currency)
  const { amount, returned = nothing, paidOwed = nothing, available = nothing, topUpId } = detail
  const { owedInAll = nothing } = detail
  return {
    subject: `A disputed payment of ${show(amount)} is yours again`,
    paragraphs: [
      `The bank has given back the ${show(amount)} of your top-up that was disputed. ${show(returned)} of it is credit again${isZero(paidOwed) ? '' : `, ${show(paidOwed)} paid what you owed`}. Automatic top-up stays as it is; if the dispute has switched it off, you may switch it on again.`,
    ],
    figures: [
      ['Credit again', show(returned)],
      ...(isZero(paidOwed) ? [] : [['Paid of what you owed', show(paidOwed)] as [string, string]]),
      ...(isZero(owedInAll) ? [] : [['Still owed', show(owedInAll)] as [string, string]]),
      ['Your credit', show(available)],
      ['Reference', topUpId],
    ],
  }
}

function owedForPaymentsLine(owed: Money | undefined): [string, string][] {
  return owed ? [['Owed for a payment that was taken back', show(owed)]] : []
}

/** Whoever is topped up automatically is charged for the same need, and must not pay for it twice by our link. */
const IF_AUTOMATIC =
  'If automatic top-up is on, your card is charged for this by itself as far as your monthly limit allows, and you get a receipt: look at your credit before you pay by hand.'

const WHY_NOT_CHARGED = {
  declined: 'Your credit was to be topped up automatically, and your card was declined.',
  authentication_required:
    'Your credit was to be topped up automatically, and your bank wants you to confirm the payment yourself.',
  no_answer:
    'Your credit was to be topped up automatically, and we could not learn whether your card was charged.',
  mismatched:
    'Your credit was to be topped up automatically, and the payment did not come as we had asked for it: we are looking into it.',
}

function show({ amount, currency }: Money): string {
  return `${amount} ${currency}`
}

function isZero({ amount }: Money): boolean {
  return readAmount(amount) === 0n
}

/** What a payment was used for: what was owed is paid of it first, and may take all of it. */
function whatBecameOf(amount: Money, paidOwed: Money | undefined): string {
  const received = `We have received your payment of ${show(amount)}`
  if (!paidOwed) return `${received} and added it to your credit. Thank you.`
  const owed = 'what you owed for a payment that was taken back'
  return amount.amount === paidOwed.amount
    ? `${received}. All of it paid ${owed}; your credit stays as it was. Thank you.`
    : `${received}. ${show(paidOwed)} of it paid ${owed}, and the rest was added to your credit. Thank you.`
}

function payable({ amount, currency }: Money): Money {
  return money(topUpAmountFor(readAmount(amount), currency), currency)
}
