import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { sha256Schema } from '../edge/sha256.ts'
import { lineSchema } from '../edge/text.ts'
import { coverageReply, evidenceReply } from './present-evidence.ts'
import { acceptanceReply, termsChangesReply, termsTextReply, termsVersionReply } from './present-terms.ts'
import { evidenceRoutes, termsRoutes } from './terms.routes.ts'
import { DECISIONS, documentSchema, languageSchema, publishTermsSchema, versionSchema } from './terms.ts'

const tag = 'Terms'
const everyone = ['staff', 'usage', 'client'] as const
const accountParams = z.strictObject({ accountId: accountIdSchema })

/** JSON may need six characters for one of the text. */
const LARGEST_PUBLICATION_BYTES = 4 * 1024 * 1024

export const listTerms = defineRoute({
  route: termsRoutes.listTerms,
  summary: 'The documents that clients agree to, each with its newest version',
  tag,
  callers: [...everyone],
  query: z.strictObject({ limit: limitSchema(200, 50), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page of documents by name',
      schema: z.object({ documents: z.array(termsVersionReply), nextCursor: z.string().optional() }),
    },
  },
})

export const publishTerms = defineRoute({
  route: termsRoutes.publishTerms,
  summary: 'Publish a version of a document; staff. The same publication again has no effect',
  tag,
  callers: ['staff'],
  body: publishTermsSchema,
  largestBodyBytes: LARGEST_PUBLICATION_BYTES,
  responses: { 201: { description: 'The published version', schema: termsVersionReply } },
  problems: ['terms_version_exists', 'busy'],
})

export const readTerms = defineRoute({
  route: termsRoutes.readTerms,
  summary: 'A document’s versions, newest first',
  tag,
  callers: [...everyone],
  params: z.strictObject({ document: documentSchema }),
  responses: {
    200: {
      description: 'The versions',
      schema: z.object({ document: z.string(), versions: z.array(termsVersionReply) }),
    },
  },
  problems: ['terms_not_found'],
})

const languageQuery = languageSchema
  .optional()
  .meta({ description: 'where there is none in this language, the text that binds is shown' })
const versionParams = z.strictObject({ document: documentSchema, version: versionSchema })

export const readTermsVersion = defineRoute({
  route: termsRoutes.readTermsVersion,
  summary:
    'A published text; with Accept: text/markdown as the file itself, with its SHA-256 as the ETag, with Accept: text/html as a page',
  tag,
  callers: [...everyone],
  params: versionParams,
  query: z.strictObject({ language: languageQuery }),
  responses: {
    200: {
      description: 'The version with its text',
      schema: termsTextReply,
      textTypes: ['text/markdown', 'text/html'],
    },
  },
  problems: ['terms_not_found'],
})

export const readTermsChanges = defineRoute({
  route: termsRoutes.readTermsChanges,
  summary:
    'What a version changes in an earlier one, passage by passage and word by word, where that is not too long to show; with Accept: text/html as a page',
  tag,
  callers: [...everyone],
  params: versionParams,
  query: z.strictObject({
    since: versionSchema
      .optional()
      .meta({ description: 'the earlier version; the one before it where none is named' }),
    language: languageSchema.optional().meta({
      description: 'where one of the two has no text in it, both are compared in a language that both have',
    }),
  }),
  responses: {
    200: { description: 'What has changed', schema: termsChangesReply, textTypes: ['text/html'] },
  },
  problems: ['terms_not_found'],
})

export const listAcceptances = defineRoute({
  route: termsRoutes.listAcceptances,
  summary: 'Who accepted or declined what, with the evidence',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: {
    200: { description: 'All answers', schema: z.object({ acceptances: z.array(acceptanceReply) }) },
  },
  problems: ['account_not_found', 'role_not_allowed'],
})

export const acceptTerms = defineRoute({
  route: termsRoutes.acceptTerms,
  summary:
    'Accept, decline or acknowledge the newest version of a document, or the newest in effect, as an owner or billing member',
  tag,
  callers: ['client'],
  params: accountParams,
  body: z.strictObject({
    document: documentSchema,
    version: versionSchema,
    language: languageSchema
      .optional()
      .meta({ description: 'of the text that was read; the one that binds by default' }),
    textSha256: sha256Schema.meta({ description: 'of the text that was read' }),
    decision: z
      .enum(DECISIONS)
      .meta({ description: 'a statement is acknowledged, anything else accepted or declined' }),
    pressed: lineSchema(200).meta({
      description: 'the words on what was pressed',
      examples: ['I accept the terms'],
    }),
  }),
  responses: {
    201: {
      description: 'The evidence; the first one if this was answered so before',
      schema: acceptanceReply,
    },
  },
  problems: [
    'account_not_found',
    'role_not_allowed',
    'terms_not_found',
    'terms_version_superseded',
    'terms_already_accepted',
    'changed_meanwhile',
    'busy',
  ],
})

export const readEvidence = defineRoute({
  route: evidenceRoutes.readEvidence,
  summary:
    'All answers of an account with their evidence and the texts’ hashes; with Accept: application/pdf as a document that a person can read',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: {
    200: { description: 'The evidence', schema: evidenceReply, binaryTypes: ['application/pdf'] },
  },
  problems: ['account_not_found', 'role_not_allowed'],
})

export const readCoverage = defineRoute({
  route: evidenceRoutes.readCoverage,
  summary:
    'Who has answered a version, who has not, and by when; closed accounts are left out, accounts opened since count in. With Accept: text/csv as CSV, with Accept: application/pdf as a document that a person can read; these name the next page in their Link header',
  tag,
  callers: ['staff'],
  params: versionParams,
  query: z.strictObject({ limit: limitSchema(200, 50), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description:
        'A page of at most so many accounts, first opened first; those that it does not concern are left out of the page',
      schema: coverageReply,
      textTypes: ['text/csv'],
      binaryTypes: ['application/pdf'],
    },
  },
  problems: ['terms_not_found'],
})

export const termsApi = [
  listTerms,
  publishTerms,
  readTerms,
  readTermsVersion,
  readTermsChanges,
  listAcceptances,
  acceptTerms,
  readEvidence,
  readCoverage,
]
