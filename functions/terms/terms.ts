import { z } from 'zod'
import { CLIENT_TYPES, type ClientType, clientTypeSchema, type MemberRole } from '../accounts/account.ts'
import { instantSchema } from '../edge/instant.ts'
import { lineSchema, linesSchema } from '../edge/text.ts'

export const TERMS_CLASSES = ['material', 'editorial'] as const
export type TermsClass = (typeof TERMS_CLASSES)[number]

export const DECISIONS = ['accepted', 'declined'] as const
export type Decision = (typeof DECISIONS)[number]

/** Who may bind an account. */
export const BINDING_ROLES = ['owner', 'billing'] as const satisfies MemberRole[]

/** One published text of a document, for good: a new text is a new version. The text itself is a file. */
export type TermsVersion = {
  document: string
  version: string
  /** Counts a document's versions in the order of their publication, from 1: the higher one is the later one. */
  number: bigint
  title: string
  language: string
  /** Whom it concerns: none named is all. */
  clientTypes: ClientType[]
  /** A material version must be accepted before it takes effect; an editorial one is only shown. */
  class: TermsClass
  effectiveAt: string
  publishedAt: string
  publishedBy: string
  summary?: string
  textSha256: string
  textBytes: bigint
  fileKey: string
}

/** How the person was signed in when deciding, as the token says. */
export type SignIn = { issuer: string; clientId: string; at?: string }

/** Evidence of one person's answer to one version: written once, never changed. */
export type Acceptance = {
  accountId: string
  document: string
  version: string
  number: bigint
  language: string
  textSha256: string
  decision: Decision
  at: string
  subject: string
  email: string
  role: MemberRole
  sourceIp: string
  userAgent: string
  signIn?: SignIn
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

export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in 64 hexadecimal digits, in small letters')

const LARGEST_TEXT_BYTES = 200 * 1024

export const publishTermsSchema = z.strictObject({
  document: documentSchema,
  version: versionSchema,
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'must be a language such as "en" or "pt-BR"')
    .default('en'),
  title: lineSchema(200),
  clientTypes: z
    .array(clientTypeSchema)
    .max(CLIENT_TYPES.length)
    .default([])
    .transform((types) => CLIENT_TYPES.filter((type) => types.includes(type)))
    .meta({ description: 'whom it concerns; none named is all' }),
  class: z.enum(TERMS_CLASSES),
  effectiveAt: instantSchema,
  summary: linesSchema(2000).optional(),
  text: z
    .string()
    .min(1)
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
    .refine(
      (text) => Buffer.byteLength(text) <= LARGEST_TEXT_BYTES,
      `must be at most ${LARGEST_TEXT_BYTES} bytes in UTF-8`,
    )
    .meta({ description: 'Markdown' }),
})
export type TermsPublication = z.output<typeof publishTermsSchema>

export function concerns(version: Pick<TermsVersion, 'clientTypes'>, clientType: ClientType): boolean {
  return version.clientTypes.length === 0 || version.clientTypes.includes(clientType)
}
