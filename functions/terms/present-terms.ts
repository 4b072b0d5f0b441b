import { z } from 'zod'
import { clientTypeSchema, memberRoleSchema } from '../accounts/account.ts'
import { signInReply } from '../edge/caller.ts'
import { boundComparison } from './bound-comparison.ts'
import type { ComparedBlock } from './compare-texts.ts'
import type { AnnouncedTerms, WaitingTerms } from './decide-gate.ts'
import {
  type Acceptance,
  DECISIONS,
  DOCUMENT_KINDS,
  TERMS_CLASSES,
  type TermsText,
  type TermsVersion,
} from './terms.ts'

export const waitingTermsReply = z
  .object({
    document: z.string(),
    kind: z.enum(DOCUMENT_KINDS),
    version: z.string().meta({ description: 'the version that may be accepted now' }),
    title: z.string(),
    language: z.string(),
    effectiveAt: z.string(),
    textSha256: z.string(),
    requiredAt: z.string().meta({
      description: 'without an acceptance, all but reading what is the client’s own is closed from then on',
    }),
    closed: z.boolean(),
    usageClosesAt: z
      .string()
      .meta({ description: 'without an acceptance, usage by machines is closed too from then on' }),
    url: z.string(),
    inEffect: z
      .object({
        version: z.string(),
        title: z.string(),
        language: z.string(),
        effectiveAt: z.string(),
        textSha256: z.string(),
        url: z.string(),
        changesUrl: z.string().optional(),
      })
      .optional()
      .meta({
        description:
          'where the newest version is not in effect yet: may be accepted as well, and opens the account until then',
      }),
    changesUrl: z
      .string()
      .optional()
      .meta({ description: 'against what the account accepted last; absent where it accepted none' }),
  })
  .meta({ id: 'WaitingTerms' })

export const announcedTermsReply = z
  .object({
    document: z.string(),
    kind: z.enum(DOCUMENT_KINDS),
    class: z.enum(TERMS_CLASSES),
    version: z.string(),
    title: z.string(),
    language: z.string(),
    summary: z.string().optional(),
    effectiveAt: z.string(),
    url: z.string(),
    changesUrl: z.string().optional().meta({
      description:
        'against what the account accepted last, else the version before it; absent where there is neither',
    }),
  })
  .meta({ id: 'AnnouncedTerms' })

export const termsVersionReply = z
  .object({
    document: z.string(),
    kind: z.enum(DOCUMENT_KINDS),
    version: z.string(),
    number: z.int(),
    title: z.string(),
    language: z.string().meta({ description: 'of the text that binds' }),
    clientTypes: z.array(clientTypeSchema).meta({ description: 'whom it concerns; none named is all' }),
    class: z.enum(TERMS_CLASSES),
    effectiveAt: z.string(),
    graceDays: z.int().meta({
      description:
        'for so many days after it took effect, or was published where that is later, usage goes on without an answer',
    }),
    publishedAt: z.string(),
    summary: z.string().optional(),
    textSha256: z.string().meta({ description: 'SHA-256 of the text in UTF-8, 64 hexadecimal digits' }),
    textBytes: z.int(),
    url: z.string(),
    translations: z.array(
      z.object({
        language: z.string(),
        title: z.string(),
        summary: z.string().optional(),
        textSha256: z.string(),
        textBytes: z.int(),
        url: z.string(),
      }),
    ),
  })
  .meta({ id: 'TermsVersion' })

export const termsTextReply = termsVersionReply
  .extend({
    shown: z
      .object({ language: z.string(), title: z.string(), textSha256: z.string() })
      .meta({ description: 'the text that this is, which an acceptance names' }),
    text: z.string().meta({ description: 'Markdown' }),
  })
  .meta({ id: 'TermsText' })

export const termsChangesReply = z
  .object({
    document: z.string(),
    version: z.string(),
    since: z.string(),
    language: z.string(),
    summary: z.string().optional().meta({ description: 'in the operator’s words' }),
    unchanged: z.int().meta({ description: 'passages that are the same' }),
    tooLong: z.boolean().meta({
      description: 'so much has changed that it is not shown, and `changes` is empty: read the whole text',
    }),
    changes: z.array(
      z.object({
        section: z.string().meta({ description: 'the heading under which it stands' }),
        kind: z.enum(['heading', 'paragraph', 'item', 'row', 'code']),
        change: z.enum(['added', 'removed', 'changed']),
        pieces: z.array(z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() })),
      }),
    ),
  })
  .meta({ id: 'TermsChanges' })

export const acceptanceReply = z
  .object({
    accountId: z.string(),
    document: z.string(),
    version: z.string(),
    language: z.string(),
    textSha256: z.string(),
    decision: z.enum(DECISIONS),
    pressed: z.string(),
    at: z.string(),
    person: z.object({ subject: z.string(), email: z.string(), role: memberRoleSchema }),
    sourceIp: z.string(),
    userAgent: z.string(),
    signIn: signInReply.optional(),
  })
  .meta({ id: 'TermsAcceptance', description: 'evidence: written once, never changed' })

const urlOf = ({ document, version }: TermsVersion) => `/v1/terms/${document}/versions/${version}`

function presentText(version: TermsVersion, text: TermsText) {
  const { language, title, summary, textSha256, textBytes } = text
  const url = `${urlOf(version)}?language=${language}`
  return { language, title, summary, textSha256, textBytes: Number(textBytes), url }
}

/** A version with one of its texts. */
export function presentTermsText(
  version: TermsVersion,
  { language, title, textSha256 }: TermsText,
  text: string,
): z.infer<typeof termsTextReply> {
  return { ...presentTermsVersion(version), shown: { language, title, textSha256 }, text }
}

/** What a version changes in an earlier one, without what is the same; without all of it where it is too long. */
export function presentChanges(comparison: {
  earlier: TermsVersion
  later: TermsVersion
  shown: TermsText
  compared: readonly ComparedBlock[]
}): z.infer<typeof termsChangesReply> {
  const { earlier, later, shown, compared } = comparison
  const changes = boundComparison(compared)
  return {
    document: later.document,
    version: later.version,
    since: earlier.version,
    language: shown.language,
    summary: shown.summary,
    unchanged: compared.filter(({ change }) => change === 'same').length,
    tooLong: changes === undefined,
    changes: (changes ?? []).map(({ section, kind, change, pieces }) => ({ section, kind, change, pieces })),
  }
}

/** A document that waits for acceptance, as problems and `GET /v1/me` show it. */
export function presentWaitingTerms({
  toAccept,
  inEffect,
  requiredAt,
  closed,
  usageClosesAt,
  acceptedVersion,
}: WaitingTerms): z.infer<typeof waitingTermsReply> {
  const { document, kind, version, title, language, effectiveAt, textSha256 } = toAccept
  const changesOf = (later: TermsVersion) =>
    acceptedVersion && `${urlOf(later)}/changes?since=${acceptedVersion}`
  return {
    document,
    kind,
    version,
    title,
    language,
    effectiveAt,
    textSha256,
    requiredAt,
    closed,
    usageClosesAt,
    url: urlOf(toAccept),
    inEffect: inEffect && {
      ...{ version: inEffect.version, title: inEffect.title, language: inEffect.language },
      ...{ effectiveAt: inEffect.effectiveAt, textSha256: inEffect.textSha256 },
      ...{ url: urlOf(inEffect), changesUrl: changesOf(inEffect) },
    },
    changesUrl: changesOf(toAccept),
  }
}

/** A version that is told of until it is in effect, as `GET /v1/me` shows it. */
export function presentAnnouncedTerms({
  version: announced,
  since,
}: AnnouncedTerms): z.infer<typeof announcedTermsReply> {
  const { document, kind, version, title, language, summary, effectiveAt } = announced
  return {
    ...{ document, kind, class: announced.class, version, title, language, summary, effectiveAt },
    url: urlOf(announced),
    changesUrl: since && `${urlOf(announced)}/changes?since=${since}`,
  }
}

/** A published version without its text; field by field, so that it reads the same however it was stored. */
export function presentTermsVersion(version: TermsVersion): z.infer<typeof termsVersionReply> {
  return {
    document: version.document,
    kind: version.kind,
    version: version.version,
    number: Number(version.number),
    title: version.title,
    language: version.language,
    clientTypes: version.clientTypes,
    class: version.class,
    effectiveAt: version.effectiveAt,
    graceDays: version.graceDays,
    publishedAt: version.publishedAt,
    summary: version.summary,
    textSha256: version.textSha256,
    textBytes: Number(version.textBytes),
    url: urlOf(version),
    translations: version.translations.map((text) => presentText(version, text)),
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
    pressed: acceptance.pressed,
    at: acceptance.at,
    person: { subject, email, role },
    sourceIp: acceptance.sourceIp,
    userAgent: acceptance.userAgent,
    signIn: signIn && { issuer: signIn.issuer, clientId: signIn.clientId, at: signIn.at },
  }
}
