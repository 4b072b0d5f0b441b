import type { Account } from '../accounts/account.ts'
import type { EmailStatus } from '../notices/address-status.ts'
import type { Acceptance, TermsVersion } from './terms.ts'

/**
 * Where an account stands with a version: it was answered; a later version was accepted, which stands for this one; it was
 * declined and not accepted since; nobody has answered what has to be; or nothing has to be answered.
 */
export const COVERAGE_STATES = [
  'accepted',
  'acknowledged',
  'accepted_later',
  'declined',
  'unanswered',
  'not_asked',
] as const
export type CoverageState = (typeof COVERAGE_STATES)[number]

export type AccountCoverage = {
  state: CoverageState
  /** By when it has to be answered; where it has been, or need not be, there is none. */
  answerBy?: string
  /** That instant is over. */
  isOverdue: boolean
  /** All answers to this version, first to last. */
  answers: Acceptance[]
}

/**
 * Where one account stands with one version that concerns it, by that version's own class and date, whatever others ask of
 * the account. `acceptances`: all answers of the account.
 */
export function coverAccount(
  version: TermsVersion,
  acceptances: readonly Acceptance[],
  now: Date,
): AccountCoverage {
  const ofDocument = acceptances.filter(({ document }) => document === version.document)
  const answers = ofDocument
    .filter((answer) => answer.version === version.version)
    .sort((one, other) => (one.at < other.at ? -1 : 1))
  const positive = answers.find(({ decision }) => decision !== 'declined')
  if (positive) return { state: positive.decision as CoverageState, isOverdue: false, answers }
  const isCoveredLater = ofDocument.some(
    ({ decision, number }) => decision !== 'declined' && number > version.number,
  )
  if (isCoveredLater) return { state: 'accepted_later', isOverdue: false, answers }
  const isAsked = version.class === 'material' && version.kind !== 'app_terms'
  const asked = isAsked && {
    answerBy: version.effectiveAt,
    isOverdue: version.effectiveAt <= now.toISOString(),
  }
  if (answers.length > 0) return { state: 'declined', isOverdue: false, ...asked, answers }
  return { state: asked ? 'unanswered' : 'not_asked', isOverdue: false, ...asked, answers }
}

/** Sums over the accounts of a list so far. */
export type CoverageCounts = {
  accounts: number
  answered: number
  declined: number
  unanswered: number
  notAsked: number
  overdue: number
  /** None of the owners and billing members can be reached by e-mail. */
  unreachable: number
  /** Closed accounts, which are in no other count. */
  leftOutAsClosed: number
}

export const NOTHING_COUNTED: CoverageCounts = {
  ...{ accounts: 0, answered: 0, declined: 0, unanswered: 0, notAsked: 0 },
  ...{ overdue: 0, unreachable: 0, leftOutAsClosed: 0 },
}

export function countAccount(
  counts: CoverageCounts,
  { state, isOverdue }: AccountCoverage,
  isUnreachable: boolean,
): CoverageCounts {
  const isAnswered = state === 'accepted' || state === 'acknowledged' || state === 'accepted_later'
  return {
    accounts: counts.accounts + 1,
    answered: counts.answered + Number(isAnswered),
    declined: counts.declined + Number(state === 'declined'),
    unanswered: counts.unanswered + Number(state === 'unanswered'),
    notAsked: counts.notAsked + Number(state === 'not_asked'),
    overdue: counts.overdue + Number(isOverdue),
    unreachable: counts.unreachable + Number(isUnreachable),
    leftOutAsClosed: counts.leftOutAsClosed,
  }
}

/** One account of a coverage; `cannotBeReached` are those who may answer and whose addresses mail came back from. */
export type CoverageLine = {
  account: Account
  coverage: AccountCoverage
  cannotBeReached: { email: string; status: EmailStatus }[]
}

export type CoveragePage = {
  lines: CoverageLine[]
  /** Over all pages so far. */
  counts: CoverageCounts
  /** Behind which place of the list of all accounts it goes on; undefined at its end. */
  next: string | undefined
}
