import type { PrivacyRequest } from './privacy-request.ts'

/** The README.txt of an archive: what is in it, and how to read it. */
export function describeExport(request: PrivacyRequest, at: string): string {
  const { subject, requestId, receivedAt, accountId } = request
  const whom =
    subject.type === 'account' ? `account ${accountId}` : `the person with the address ${subject.email}`
  return `What is held on ${whom}

Request ${requestId}, received ${receivedAt}; read from ${at} on, while everything went on. What was written meanwhile may be in
one file and not yet in another.

Folders are accounts. Each kind of data is there twice with the same rows: as JSON (a list) and as CSV (RFC 4180, UTF-8, first
line names). A kind with very many rows is cut into parts: usage-0001, usage-0002 and so on; its rows go on in the next part.

account            settings of the account
members            who may act for it
balance            what is available and held, and the parts of the credit ("lots")
lots               further parts of the credit
transactions       every line of the account's history, with what explains it
usage              every use of a service, what it cost and why
usage-that-waits   uses that wait for missing ones
sessions           credit that was set aside for live sessions
top-ups            payments, refunds, disputes: what became of each
cards              what cards are recognised by; their numbers are with the payment provider alone
automatic-top-up   its settings, and who agreed to it
plan, plan-months  the service plan, and each month of it
terms-answers      who answered which terms, when, from where
notices            that e-mails were sent; the address as a hash
email-status       that mail to the person came back or was called spam
privacy-requests   requests like this one, and records of what was done
other names        say what they are

Names that end in Micros are whole numbers of millionths of a unit of the account's currency: 1500000 is 1.50. Times are UTC.
"actor" is who did something: person:<subject of the sign-in>, or machine:<client id>.

Not in here: what only tells machines where to go on, copies in backups (35 days) and logs, and what the payment provider
holds on its own account: ask it for that. How long each thing is kept, why, and on which legal basis, stands in the
privacy documentation (docs/retention.md).
`
}
