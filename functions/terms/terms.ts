import { z } from 'zod'
import type { ClientType, MemberRole } from '../accounts/account.ts'
import { concernedClientsSchema } from '../accounts/concerned-clients.ts'
import type { Caller } from '../edge/caller.ts'
import { daysLater, instantSchema } from '../edge/instant.ts'
import { laterOf } from '../edge/later-of.ts'
import { lineSchema, linesSchema } from '../edge/text.ts'

export const TERMS_CLASSES = ['material', 'editorial'] as const
export type TermsClass = (typeof TERMS_CLASSES)[number]

/** What a document is: agreed to, told and taken note of, or agreed to only by who buys an app of somebody else. */
export const DOCUMENT_KINDS = ['agreement', 'statement', 'app_terms'] as const
export type DocumentKind = (typeof DOCUMENT_KINDS)[number]

/** An agreement is accepted or declined; a statement is acknowledged, since nobody has to agree to it. */
export const DECISIONS = ['accepted', 'declined', 'acknowledged'] as const
export type Decision = (typeof DECISIONS)[number]

/** Who may bind an account. */
export const BINDING_ROLES = ['owner', 'billing'] as const satisfies MemberRole[]

/** A version in one language; the text itself is a file. */
export type TermsText = {
  language: string
  title: string
  /** What changes, in the operator's words. */
  summary?: string
  textSha256: string
  textBytes: bigint
  fileKey: string
}

/** One published version of a document, for good: a new text is a new version. Its own text is the one that binds. */
export type TermsVersion = TermsText & {
  document: string
  kind: DocumentKind
  version: string
  /** Counts a document's versions in the order of their publication, from 1: the higher one is the later one. */
  number: bigint
  /** The same in other languages. */
  translations: TermsText[]
  /** Whom it concerns: none named is all. */
  clientTypes: ClientType[]
  /** A material version must be accepted before it takes effect; an editorial one is only shown. */
  class: TermsClass
  effectiveAt: string
  /** For so many days of 24 hours after it took effect, or was published where that is later, what machines use is still taken from accounts that have not answered. */
  graceDays: number
  publishedAt: string
  publishedBy: string
}

/** Evidence of one person's answer to one version: written once, never changed. */
export type Acceptance = {
  accountId: string
  document: string
  version: string
  number: bigint
  /** Of the text that was shown, and its hash. */
  language: string
  textSha256: string
  decision: Decision
  /** The words on what was pressed. */
  pressed: string
  at: string
  subject: string
  email: string
  role: MemberRole
  sourceIp: string
  userAgent: string
  /** When deciding. */
  signIn?: Caller['signIn']
}

const SLUG = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/

export const documentSchema = z
  .string()
  .max(64)
  .regex(SLUG, 'must be small letters, digits, dots and hyphens, such as "terms-of-service"')
  .meta({ examples: ['terms-of-service'] })

export const versionSchema = z
  .string()
  .max(64)
  .regex(SLUG, 'must be small letters, digits, dots and hyphens, such as "2026-12-01"')
  .meta({ examples: ['2018-05-29'] })

export const languageSchema = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'must be a language such as "en" or "pt-BR"')
  .meta({ examples: ['en'] })

const LARGEST_TEXT_BYTES = 200 * 1024
const MOST_TRANSLATIONS = 24
const MOST_GRACE_DAYS = 365
/** Of versions, too, that were published before they named their own. */
export const USUAL_GRACE_DAYS = 30
const TOO_LATE = '9000-01-01T00:00:00.000Z'

const textSchema = z
  .string()
  .min(1)
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
  .refine(
    (text) => Buffer.byteLength(text) <= LARGEST_TEXT_BYTES,
    `must be at most ${LARGEST_TEXT_BYTES} bytes in UTF-8`,
  )
  .meta({ description: 'Markdown; HTML in it is shown as text' })

const translationSchema = z.strictObject({
  language: languageSchema,
  title: lineSchema(200),
  summary: linesSchema(2000).optional(),
  text: textSchema,
})

const publicationSchema = z.strictObject({
  document: documentSchema,
  kind: z.enum(DOCUMENT_KINDS).default('agreement').meta({
    description:
      'agreement: accepted or declined; statement: acknowledged, such as a privacy statement; app_terms: accepted by who buys the app, and closes nothing else. The same for all versions of a document',
  }),
  version: versionSchema,
  language: languageSchema.default('en').meta({ description: 'of the text, which is the one that binds' }),
  title: lineSchema(200),
  clientTypes: concernedClientsSchema,
  class: z.enum(TERMS_CLASSES),
  // Days are added to it, and instants are compared as texts, which order until the year 9999.
  effectiveAt: instantSchema.refine(
    (instant) => instant < TOO_LATE,
    `must be before ${TOO_LATE.slice(0, 4)}`,
  ),
  graceDays: z.int().min(0).max(MOST_GRACE_DAYS).default(USUAL_GRACE_DAYS).meta({
    description:
      'for so many days after it took effect, or was published where that is later, usage goes on without an answer; a material version alone. Nothing new is bought meanwhile',
  }),
  summary: linesSchema(2000).optional(),
  text: textSchema,
  translations: z
    .array(translationSchema)
    .max(MOST_TRANSLATIONS)
    .default([])
    .meta({ description: 'the same in other languages' }),
})
/** No language twice. */
export const publishTermsSchema = publicationSchema.check(({ value, issues }) => {
  const languages = [value.language, ...value.translations.map(({ language }) => language)]
  const again = value.translations.findIndex(({ language }, index) => languages.indexOf(language) <= index)
  if (again < 0) return
  const path = ['translations', again, 'language']
  issues.push({ code: 'custom', path, message: 'is there already', input: value })
})
export type TermsPublication = z.output<typeof publishTermsSchema>

/** The text in a language: exactly that one, else the first of the same without its region (`pt` for `pt-BR`), else the one that binds. */
export function textIn(version: TermsVersion, language: string | undefined): TermsText {
  const texts = [version, ...version.translations]
  return (
    texts.find((text) => text.language === language) ??
    texts.find((text) => language !== undefined && baseOf(text.language) === baseOf(language)) ??
    version
  )
}

const baseOf = (tag: string) => tag.split('-')[0]

/**
 * The texts of two versions that are read side by side: in the language that is asked for if both have it, else in the one in
 * which the later version binds, else in another that both have; the two that bind where there is none.
 */
export function textsToCompare(
  earlier: TermsVersion,
  later: TermsVersion,
  language: string | undefined,
): [earlier: TermsText, later: TermsText] {
  const wished = [language, ...[later, ...later.translations].map((text) => text.language)]
  const pairs = wished.map((each): [TermsText, TermsText] => [textIn(earlier, each), textIn(later, each)])
  return pairs.find(([one, other]) => baseOf(one.language) === baseOf(other.language)) ?? [earlier, later]
}

/**
 * When what machines use is closed too to accounts that have not answered a material version. The days of grace of one that is
 * published after it took effect begin with its publication: nobody could answer it before.
 */
export function usageClosesAt({ effectiveAt, publishedAt, graceDays }: TermsVersion): string {
  return daysLater(laterOf(effectiveAt, publishedAt), graceDays)
}
