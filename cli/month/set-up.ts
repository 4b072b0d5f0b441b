import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { SAMPLE_ACCOUNTS, SAMPLE_TERMS, type SampleAccount } from '../sample/accounts.ts'
import type { Callers } from './machine.ts'

export const CURRENCY = 'USD'
const RATE_DECK = 'standard'

export type OpenedAccount = SampleAccount & { accountId: string }

/** Puts the catalogue in place: the rate deck, the price of a call that uses it, the price of a message, the plans. */
export async function setUpCatalogue(
  { staff }: Callers,
  rateDeckCsv: string,
  effectiveFrom: string,
): Promise<void> {
  await staff.send('PUT', `/v1/rate-decks/${RATE_DECK}`, {
    text: rateDeckCsv,
    contentType: 'text/csv',
    query: { currency: CURRENCY, effectiveFrom },
  })
  await staff.send('PUT', '/v1/prices/call', {
    body: { currency: CURRENCY, effectiveFrom, model: { kind: 'rate_deck', deck: RATE_DECK } },
  })
  for (const account of SAMPLE_ACCOUNTS) {
    await staff.send('PUT', `/v1/plans/${account.planId}`, {
      body: {
        name: account.planName,
        clientType: account.clientType,
        currency: CURRENCY,
        effectiveFrom,
        services: account.services.map(({ service, name, unitFee }) => ({ service, name, unitFee })),
      },
    })
  }
}

/** Publishes the sample's terms, effective at once. */
export async function publishTerms({ staff }: Callers, version: string, effectiveAt: string): Promise<void> {
  for (const { document, title, file, kind } of SAMPLE_TERMS) {
    const text = await readFile(new URL(`../sample/${file}`, import.meta.url), 'utf8')
    await staff.send('POST', '/v1/terms', {
      body: {
        ...{ document, kind, version, title, text },
        ...{ class: 'material', effectiveAt, summary: 'The first version.' },
      },
    })
  }
}

/** Opens the sample's accounts; the same run sent again opens nothing twice. */
export async function openAccounts({ staff }: Callers): Promise<OpenedAccount[]> {
  const opened: OpenedAccount[] = []
  for (const account of SAMPLE_ACCOUNTS) {
    const { name, clientType, timeZone, ownerEmail } = account
    const lowCreditThreshold = { amount: account.lowCreditThreshold, currency: CURRENCY }
    const { accountId } = await staff.send<{ accountId: string }>('POST', '/v1/accounts', {
      body: { name, clientType, currency: CURRENCY, timeZone, ownerEmail, lowCreditThreshold },
      idempotencyKey: `sample-open-${account.slug}`,
    })
    opened.push({ ...account, accountId })
  }
  return opened
}

/** What a client's owner does first: reads and accepts what waits, then chooses the plan. */
export async function joinAsOwner(
  callers: Callers,
  account: OpenedAccount,
  termsVersion: string,
): Promise<void> {
  const owner = callers.person(account.ownerEmail)
  for (const { document, decision, pressed } of SAMPLE_TERMS) {
    const { text } = await owner.get<{ text: string }>(`/v1/terms/${document}/versions/${termsVersion}`)
    await owner.send('POST', `/v1/accounts/${account.accountId}/terms-acceptances`, {
      body: {
        document,
        version: termsVersion,
        textSha256: sha256(text),
        ...{ decision, pressed },
      },
    })
  }
  await owner.send('PUT', `/v1/accounts/${account.accountId}/plan`, {
    body: {
      planId: account.planId,
      services: account.services.map(({ service, quantity }) => ({ service, quantity })),
    },
  })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
