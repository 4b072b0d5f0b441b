import { z } from 'zod'
import { emailSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { decisionSchema } from './consent.ts'
import { consentRoutes, withdrawalRoutes } from './consents.routes.ts'
import { consentRecordReply, consentReply } from './present-consents.ts'
import { purposeSchema } from './purposes.ts'

const tag = 'Consents'

export const readMyConsents = defineRoute({
  route: consentRoutes.readMyConsents,
  summary: 'What I want to be written to about, with the words to show',
  tag,
  callers: ['staff', 'client'],
  responses: {
    200: { description: 'Every purpose', schema: z.object({ consents: z.array(consentReply) }) },
  },
  problems: ['role_not_allowed'],
})

export const decideConsent = defineRoute({
  route: consentRoutes.decideConsent,
  summary: 'Give my consent to a purpose, or withdraw it; for oneself alone',
  tag,
  callers: ['staff', 'client'],
  params: z.strictObject({ purpose: purposeSchema }),
  body: decisionSchema,
  responses: { 200: { description: 'The purpose as it is now', schema: consentReply } },
  problems: ['role_not_allowed', 'consent_wording_changed', 'changed_meanwhile', 'busy'],
})

export const readConsentHistory = defineRoute({
  route: consentRoutes.readConsentHistory,
  summary: 'All that a person has given and withdrawn, with the evidence; staff',
  tag,
  callers: ['staff'],
  params: z.strictObject({ email: emailSchema }),
  responses: {
    200: {
      description: 'The state of each purpose, and every decision',
      schema: z.object({
        email: z.string(),
        consents: z.array(consentReply),
        records: z.array(consentRecordReply),
      }),
    },
  },
})

const tokenQuery = z.strictObject({
  token: z.string().max(200).meta({ description: 'as the link in the e-mail has it' }),
})

export const readWithdrawalPage = defineRoute({
  route: withdrawalRoutes.readWithdrawalPage,
  summary: 'The page of an e-mail’s link, with the button that withdraws; reading it changes nothing',
  tag,
  callers: 'public',
  query: tokenQuery,
  responses: { 200: { description: 'The page', contentType: 'text/html' } },
})

export const withdrawByLink = defineRoute({
  route: withdrawalRoutes.withdrawByLink,
  summary:
    'Withdraw by an e-mail’s link: its page’s button, or a mail program’s (RFC 8058). Any body is taken',
  tag,
  callers: 'public',
  query: tokenQuery,
  responses: { 200: { description: 'A page that says it is withdrawn', contentType: 'text/html' } },
  problems: ['busy'],
})

export const consentsApi = [
  readMyConsents,
  decideConsent,
  readConsentHistory,
  readWithdrawalPage,
  withdrawByLink,
]
