import { z } from 'zod'
import { type Account, clientTypeSchema } from '../accounts/account.ts'
import { emailStatusReply } from '../notices/address-status.ts'
import { writeCsv } from '../statements/write-csv.ts'
import { COVERAGE_STATES, type CoverageLine, type CoveragePage } from './decide-coverage.ts'
import type { WaitingTerms } from './decide-gate.ts'
import {
  acceptanceReply,
  presentAcceptance,
  presentWaitingTerms,
  waitingTermsReply,
} from './present-terms.ts'
import { type Acceptance, DOCUMENT_KINDS, TERMS_CLASSES, type TermsVersion, textIn } from './terms.ts'

/** How anyone checks that a text is the one that was shown. */
export const HOW_TO_CHECK =
  'To check that a text is the one that was shown, get it from `textUrl` with the header `Accept: text/markdown`, save it as it comes and run `sha256sum` on the file: the result must be `textSha256`.'

const evidenceAnswerReply = acceptanceReply.extend({
  title: z.string().meta({ description: 'of the text that was shown' }),
  kind: z.enum(DOCUMENT_KINDS),
  class: z.enum(TERMS_CLASSES),
  effectiveAt: z.string(),
  publishedAt: z.string(),
  textBytes: z.int(),
  textUrl: z.string(),
})

export const evidenceReply = z
  .object({
    account: z.object({
      accountId: z.string(),
      name: z.string(),
      clientType: clientTypeSchema,
      timeZone: z.string(),
    }),
    preparedAt: z.string(),
    answers: z.array(evidenceAnswerReply).meta({ description: 'all of the account, first to last' }),
    waiting: z.array(waitingTermsReply).meta({ description: 'what has yet to be answered' }),
    howToCheck: z.string(),
  })
  .meta({ id: 'TermsEvidence' })
export type Evidence = z.infer<typeof evidenceReply>

/** All answers of an account with the versions that they are to; throws when a version is not there. */
export function presentEvidence(pack: {
  account: Account
  acceptances: readonly Acceptance[]
  versions: readonly TermsVersion[]
  waiting: readonly WaitingTerms[]
  preparedAt: string
}): Evidence {
  const { accountId, name, clientType, timeZone } = pack.account
  const answers = [...pack.acceptances]
    .sort((one, other) => (one.at < other.at ? -1 : 1))
    .map((acceptance) => {
      const version = pack.versions.find(
        (one) => one.document === acceptance.document && one.version === acceptance.version,
      )
      if (!version)
        throw new Error(`${acceptance.document} ${acceptance.version} was answered and is not there`)
      const { title, textBytes } = textIn(version, acceptance.language)
      const { kind, class: termsClass, effectiveAt, publishedAt, document } = version
      return {
        ...presentAcceptance(acceptance),
        ...{ title, kind, class: termsClass, effectiveAt, publishedAt, textBytes: Number(textBytes) },
        textUrl: `/v1/terms/${document}/versions/${version.version}?language=${acceptance.language}`,
      }
    })
  return {
    account: { accountId, name, clientType, timeZone },
    preparedAt: pack.preparedAt,
    answers,
    waiting: pack.waiting.map(presentWaitingTerms),
    howToCheck: HOW_TO_CHECK,
  }
}

const countOf = (description: string) => z.int().meta({ description })

export const coverageReply = z
  .object({
    document: z.string(),
    version: z.string(),
    kind: z.enum(DOCUMENT_KINDS),
    class: z.enum(TERMS_CLASSES),
    effectiveAt: z.string(),
    publishedAt: z.string(),
    accounts: z.array(
      z.object({
        accountId: z.string(),
        name: z.string(),
        clientType: clientTypeSchema,
        openedAt: z.string(),
        state: z.enum(COVERAGE_STATES).meta({
          description:
            'accepted_later: a later version was; not_asked: nothing has to be answered for the account',
        }),
        answerBy: z.string().optional().meta({ description: 'absent where nothing has to be answered' }),
        isOverdue: z.boolean(),
        answers: z.array(acceptanceReply).meta({ description: 'to this version' }),
        cannotBeReached: z
          .array(z.object({ email: z.string(), emailStatus: emailStatusReply }))
          .meta({ description: 'owners and billing members who cannot be reached by e-mail' }),
      }),
    ),
    counts: z
      .object({
        accounts: countOf('concerned and open, those opened since the publication among them'),
        answered: countOf('accepted or acknowledged, this version or a later one'),
        declined: z.int(),
        unanswered: z.int(),
        notAsked: z.int(),
        overdue: countOf('of all: those closed for want of an answer'),
        unreachable: countOf('of all: those none of whose owners and billing members gets e-mail'),
        leftOutAsClosed: countOf('closed accounts, which are in no list and no other count'),
      })
      .meta({ description: 'of this page and all before it; on the last page of all' }),
    nextCursor: z.string().optional().meta({ description: 'absent on the last page' }),
  })
  .meta({ id: 'TermsCoverage' })
export type Coverage = z.infer<typeof coverageReply>

export function presentCoverage(
  version: TermsVersion,
  page: CoveragePage,
  nextCursor: string | undefined,
): Coverage {
  const { document, kind, class: termsClass, effectiveAt, publishedAt } = version
  return {
    ...{ document, version: version.version, kind, class: termsClass, effectiveAt, publishedAt },
    accounts: page.lines.map(({ account, coverage, cannotBeReached }) => ({
      accountId: account.accountId,
      name: account.name,
      clientType: account.clientType,
      openedAt: account.createdAt,
      state: coverage.state,
      answerBy: coverage.answerBy,
      isOverdue: coverage.isOverdue,
      answers: coverage.answers.map(presentAcceptance),
      cannotBeReached: cannotBeReached.map(({ email, status }) => ({ email, emailStatus: status })),
    })),
    counts: page.counts,
    nextCursor,
  }
}

const COLUMNS = [
  ...['account_id', 'name', 'client_type', 'opened_at', 'state', 'answer_by', 'overdue'],
  ...['decision', 'answered_at', 'email', 'role', 'language', 'text_sha256', 'cannot_be_reached'],
]

/** A line for each answer, and one for each account without any. */
export function writeCoverageCsv(lines: readonly CoverageLine[]): string {
  const rows = lines.flatMap(({ account, coverage, cannotBeReached }) => {
    const { accountId, name, clientType, createdAt } = account
    const about = [accountId, name, clientType, createdAt, coverage.state, coverage.answerBy ?? '']
    const unreachable = cannotBeReached.map(({ email, status }) => `${email} (${status.state})`).join(' ')
    const answers = coverage.answers.map(({ decision, at, email, role, language, textSha256 }) => [
      ...[decision, at, email, role, language, textSha256],
    ])
    return (answers.length > 0 ? answers : [['', '', '', '', '', '']]).map((answer) => [
      ...[...about, coverage.isOverdue ? 'yes' : 'no', ...answer, unreachable],
    ])
  })
  return writeCsv([COLUMNS, ...rows])
}
