import type { AnswerLine, PrivacyAnswer, PrivacyRequest } from './privacy-request.ts'
import type { RetentionDays } from './retention.ts'

/** How many years after the end of the year the ledger is kept; the law of the operator's country says so. */
const LEDGER = 'ten years from the end of the year of the last entry'

const FORMER_MEMBER: AnswerLine = {
  what: 'That somebody, known by the hash of an address, was a member of the account once',
  outcome: 'kept',
  why: 'A later request finds the evidence that stays there (GDPR art. 12(3))',
  until: 'the evidence goes',
}

const ASKED =
  'the person asks for erasure in all accounts, from an account that they are a member of, or by writing to us'

/** When it is known no more whose they were. */
function endOfConsents({ evidence }: RetentionDays): string {
  return `${evidence} days after the last decision and after the person was a member of any account`
}

const everywhere = (days: RetentionDays): AnswerLine[] => [
  {
    what: 'That mail to an address, known by its hash, came back or was called spam',
    outcome: 'kept',
    why: 'An address that does not want our mail is not written to again (legitimate interest, GDPR art. 6(1)(f))',
    until: `${days.undeliverable} days after it was noted and after the person was a member of any account, or staff lift it: write to us`,
  },
  {
    what: 'Copies in backups of the tables (point-in-time recovery)',
    outcome: 'kept',
    why: 'They cannot be changed. After a restore, the erasures of that time are done again.',
    until: '35 days from today, by themselves',
  },
  {
    what: 'Logs of calls: IP address and subject of the sign-in, no addresses',
    outcome: 'kept',
    why: 'Security of the service (legitimate interest, GDPR art. 6(1)(f))',
    until: 'the end of the log retention, 90 days unless configured otherwise',
  },
  {
    what: 'The sign-in itself (user pool)',
    outcome: 'kept',
    why: 'It may be for other accounts too, and is deleted on its own: write to us',
    until: 'it is deleted there',
  },
]

/**
 * The answer to an erasure: what went, what stays, why, and until when. It holds nothing of what was erased.
 */
export function describeAnswer(request: PrivacyRequest, days: RetentionDays): PrivacyAnswer {
  const { subject, progress } = request
  const count = (step: string) => (progress.counts[step] ?? 0n).toString()
  const evidence: AnswerLine = {
    what: 'Answers to terms and consents to automatic charges: who, what, when, from which IP address',
    outcome: 'kept',
    count: count('evidence'),
    why: 'The burden of proof is ours (GDPR art. 7(1), 17(3)(e)). What is not needed for it, the browser, was erased.',
    until: `${days.evidence} days after the account is closed`,
  }
  const notices: AnswerLine = {
    what: 'Records of e-mails that were sent',
    outcome: 'erased',
    count: count('notices'),
    why: 'They are needed no more',
  }
  const requests: AnswerLine = {
    what: 'Earlier privacy requests: addresses and archives',
    outcome: 'erased',
    count: count('requests'),
    why: 'They are needed no more; that there was a request, and when it was answered, is kept as proof',
    until: `${days.requests} days from its end`,
  }
  const lines =
    subject.type === 'account'
      ? accountLines(count, days)
      : personLines(count, days, subject.scope === 'all_accounts')
  return { lines: [...lines, notices, requests, evidence, ...everywhere(days)] }
}

function personLines(
  count: (step: string) => string,
  days: RetentionDays,
  isEverywhere: boolean,
): AnswerLine[] {
  return [
    {
      what: 'Consents to be written to',
      outcome: isEverywhere ? 'pseudonymised' : 'kept',
      count: count('consents'),
      why: isEverywhere
        ? 'Withdrawn; that somebody, known by a hash, had consented stays as evidence (GDPR art. 7(1))'
        : 'They are the person’s own and of no account: withdraw them, or ask for all accounts',
      ...(!isEverywhere && { until: endOfConsents(days) }),
    },
    {
      what: 'Sign-ups for webinars, and which announcements were read or dismissed',
      outcome: isEverywhere ? 'erased' : 'kept',
      count: count('announcements'),
      why: isEverywhere
        ? `They are needed no more; that an e-mail was sent to somebody, known by a hash, goes after ${days.notices} days`
        : 'They are the person’s own and of no account: take part no more, or ask for all accounts',
      ...(!isEverywhere && { until: `${days.announcements} days after what was announced is over` }),
    },
    {
      what: 'Membership: e-mail address and role',
      outcome: 'erased',
      count: count('members'),
      why: 'The person acts for the account no more',
    },
    FORMER_MEMBER,
    {
      what: 'The account’s ledger and payments: who did something, as the subject of a sign-in, without name or address',
      outcome: 'kept',
      why: 'Books of account (legal obligation, GDPR art. 6(1)(c), 17(3)(b)); their chain of hashes proves only as they are',
      until: LEDGER,
    },
  ]
}

function accountLines(count: (step: string) => string, days: RetentionDays): AnswerLine[] {
  return [
    {
      what: 'The account’s name',
      outcome: 'pseudonymised',
      count: count('profile'),
      why: 'It is needed no more',
    },
    {
      what: 'Members: e-mail addresses and roles',
      outcome: 'erased',
      count: count('members'),
      why: 'Nobody acts for the account any more',
    },
    FORMER_MEMBER,
    {
      what: 'What members did for themselves and hangs on no account: consents to be written to',
      outcome: 'kept',
      why: 'They are each person’s own, and other accounts of theirs go by them',
      until: `${endOfConsents(days)}, or ${ASKED}`,
    },
    {
      what: 'The same: sign-ups for webinars, which announcements they read',
      outcome: 'kept',
      why: 'They are each person’s own, and other accounts of theirs go by them',
      until: `${days.announcements} days after what was announced is over, or ${ASKED}`,
    },
    {
      what: 'That members, known by the hash of their address, were told of new terms and sent announcements',
      outcome: 'kept',
      why: 'Each is told once, for all accounts (legitimate interest, GDPR art. 6(1)(f))',
      until: `${days.notices} days after the e-mail`,
    },
    {
      what: 'Cards, here and the customer at the payment provider',
      outcome: 'erased',
      count: count('customer'),
      why: 'Nothing is paid any more',
    },
    {
      what: 'Payments at the payment provider, with the card that paid',
      outcome: 'kept',
      why: 'The provider has to keep them itself; refunds and disputes go by them',
      until: 'the provider’s own period: ask it',
    },
    {
      what: 'What usage said: numbers called and calling',
      outcome: 'erased',
      count: count('usage'),
      why: 'The charges are not disputed any more; amounts, times and verdicts stay with the ledger',
    },
    {
      what: 'The ledger: amounts, times, reasons, the number called of a charge or session that was rated at once, and usage packed before its hash covered a digest',
      outcome: 'kept',
      why: 'Books of account (legal obligation, GDPR art. 6(1)(c), 17(3)(b)); their chain of hashes proves only as they are',
      until: LEDGER,
    },
  ]
}
