import { z } from 'zod'
import { clientTypeSchema, memberRoleSchema } from '../accounts/account.ts'
import type { WaitingTerms } from './decide-gate.ts'
import { type Acceptance, DECISIONS, TERMS_CLASSES, type TermsVersion } from './terms.ts'

export const waitingTermsReply = z
  .object({
    document: z.string(),
    version: z.string().meta({ description: 'the version that may be accepted now' }),
    title: z.string(),
    language: z.string(),
    effectiveAt: z.string(),
    textSha256: z.string(),
    requiredAt: z
      .string()
      .meta({ description: 'without an acceptance, what moves money is closed from then on' }),
    closed: z.boolean(),
    url: z.string(),
  })
  .meta({ id: 'WaitingTerms' })

export const termsVersionReply = z
  .object({
    document: z.string(),
    version: z.string(),
    number: z.int(),
    title: z.string(),
    language: z.string(),
    clientTypes: z.array(clientTypeSchema).meta({ description: 'whom it concerns; none named is all' }),
    class: z.enum(TERMS_CLASSES),
    effectiveAt: z.string(),
    publishedAt: z.string(),
    summary: z.string().optional(),
    textSha256: z.string().meta({ description: 'SHA-256 of the text in UTF-8, 64 hexadecimal digits' }),
    textBytes: z.int(),
    url: z.string(),
  })
  .meta({ id: 'TermsVersion' })

export const termsTextReply = termsVersionReply
  .extend({ text: z.string().meta({ description: 'Markdown' }) })
  .meta({ id: 'TermsText' })

export const acceptanceReply = z
  .object({
    accountId: z.string(),
    document: z.string(),
    version: z.string(),
    language: z.string(),
    textSha256: z.string(),
    decision: z.enum(DECISIONS),
    at: z.string(),
    person: z.object({ subject: z.string(), email: z.string(), role: memberRoleSchema }),
    sourceIp: z.string(),
    userAgent: z.string(),
    signIn: z.object({ issuer: z.string(), clientId: z.string(), at: z.string().optional() }).optional(),
  })
  .meta({ id: 'TermsAcceptance', description: 'evidence: written once, never changed' })

const urlOf = ({ document, version }: TermsVersion) => `/v1/terms/${document}/versions/${version}`

/** A document that waits for acceptance, as problems and `GET /v1/me` show it. */
export function presentWaitingTerms({
  toAccept,
  requiredAt,
  closed,
}: WaitingTerms): z.infer<typeof waitingTermsReply> {
  const { document, version, title, language, effectiveAt, textSha256 } = toAccept
  return {
    document,
    version,
    title,
    language,
    effectiveAt,
    textSha256,
    requiredAt,
    closed,
    url: urlOf(toAccept),
  }
}

/** A published version without its text; field by field, so that it reads the same however it was stored. */
export function presentTermsVersion(version: TermsVersion): z.infer<typeof termsVersionReply> {
  return {
    document: version.document,
    version: version.version,
    number: Number(version.number),
    title: version.title,
    language: version.language,
    clientTypes: version.clientTypes,
    class: version.class,
    effectiveAt: version.effectiveAt,
    publishedAt: version.publishedAt,
    summary: version.summary,
    textSha256: version.textSha256,
    textBytes: Number(version.textBytes),
    url: urlOf(version),
  }
}

/** The evidence of one answer, as the account's people and staff may see it. */
export function presentAcceptance(acceptance: Acceptance): z.infer<typeof acceptanceReply> {
  const { subject, email, role, signIn } = acceptance
  return {
    accountId: acceptance.accountId,
    document: acceptance.document,
    version: acceptance.version,
    language: acceptance.language,
    textSha256: acceptance.textSha256,
    decision: acceptance.decision,
    at: acceptance.at,
    person: { subject, email, role },
    sourceIp: acceptance.sourceIp,
    userAgent: acceptance.userAgent,
    signIn: signIn && { issuer: signIn.issuer, clientId: signIn.clientId, at: signIn.at },
  }
}
