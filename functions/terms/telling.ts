import { z } from 'zod'
import type { ClientType } from '../accounts/account.ts'
import { concerns } from '../accounts/concerned-clients.ts'
import { daysLater } from '../edge/instant.ts'
import { findWaitingTerms, type WaitingTerms } from './decide-gate.ts'
import { type Acceptance, documentSchema, type TermsVersion, versionSchema } from './terms.ts'

/** When clients are told of a version: when it is published, and what needs an answer 7 days and 1 day before it is in effect. */
export const ROUNDS = ['published', 'week_before', 'day_before'] as const
export type Round = (typeof ROUNDS)[number]

const DAYS_BEFORE = { week_before: 7, day_before: 1 } as const

/** How far a round has come in the list of all accounts: behind this place of it; at first before all, in the end behind all. */
export const AT_FIRST = ' '
export const AT_LAST = '~'

/** That clients are to be told of a version, under `TERMS#<document>` / `TELLING#<version>#<round>`. */
export type Telling = { document: string; version: string; round: Round; dueAt: string; after: string }
export type TellingName = Pick<Telling, 'document' | 'version' | 'round'>

/**
 * The rounds of a version. Reminders are of what has to be answered, and of what is not due yet when it is published: a version
 * that is published late is told at once and once. Terms of apps close nothing, so nobody is reminded of them.
 */
export function tellingsOf(version: Omit<TermsVersion, 'number'>): Telling[] {
  const { document, version: name, publishedAt, effectiveAt } = version
  const asks = version.class === 'material' && version.kind !== 'app_terms'
  const reminders = (['week_before', 'day_before'] as const).flatMap((round): Telling[] => {
    const dueAt = daysLater(effectiveAt, -DAYS_BEFORE[round])
    return asks && dueAt > publishedAt ? [{ document, version: name, round, dueAt, after: AT_FIRST }] : []
  })
  return [{ document, version: name, round: 'published', dueAt: publishedAt, after: AT_FIRST }, ...reminders]
}

const nameShape = { document: documentSchema, version: versionSchema, round: z.enum(ROUNDS) }

/** A message: go on with a round, or tell one account. */
export const tellingMessageSchema = z.union([
  z.strictObject(nameShape),
  z.strictObject({ ...nameShape, accountId: z.string().min(1) }),
])
export type TellingMessage = z.infer<typeof tellingMessageSchema>

/** What an account is told: of which version, and by when it must be answered; undefined where it closes nothing. */
export type ToldTerms = { version: TermsVersion; requiredAt: string | undefined }

type Asked = {
  /** All versions of the document. */
  versions: readonly TermsVersion[]
  /** All answers of the account. */
  acceptances: readonly Acceptance[]
  clientType: ClientType
  now: Date
}

/**
 * What a round tells an account now, or undefined. Of a version that another has replaced for this client nothing is told any
 * more: the newer one is told by itself. Where it keeps a date on which the account is closed, that date's reminders name the
 * newer version. Terms of apps are told to those who agreed to an earlier version, and reminders to those who have not answered.
 */
export function decideTelling(input: Asked & { telling: TellingName }): ToldTerms | undefined {
  const { telling, versions } = input
  const told = versions.find(({ version }) => version === telling.version)
  if (!told || !concerns(told, input.clientType)) return undefined
  if (telling.round === 'published') return decidePublished(told, input)
  const waiting = findUnanswered(input)
  if (waiting?.requiredAt !== told.effectiveAt) return undefined
  return { version: waiting.toAccept, requiredAt: waiting.requiredAt }
}

/** What was told of goes out as an e-mail hours later, where there are many: whether it is true then. */
export function isStillToBeTold(told: { version: string; isReminder: boolean }, asked: Asked): boolean {
  const { versions } = asked
  if (told.isReminder) return findUnanswered(asked)?.toAccept.version === told.version
  const version = versions.find((one) => one.version === told.version)
  return version !== undefined && decidePublished(version, asked) !== undefined
}

function decidePublished(told: TermsVersion, asked: Asked): ToldTerms | undefined {
  const { versions, acceptances, clientType, now } = asked
  const newest = versions
    .filter((version) => concerns(version, clientType))
    .reduce((one, other) => (one.number > other.number ? one : other))
  if (newest.version !== told.version || hasAnswered(acceptances, told, 'accepted', 'acknowledged'))
    return undefined
  if (told.kind === 'app_terms' && !acceptances.some(({ document }) => document === told.document))
    return undefined
  const [waiting] = findWaitingTerms(versions, acceptances, clientType, now)
  return { version: told, requiredAt: waiting?.requiredAt }
}

/** What waits for an answer and is not due yet; whoever has declined has answered. */
function findUnanswered({ versions, acceptances, clientType, now }: Asked): WaitingTerms | undefined {
  const [waiting] = findWaitingTerms(versions, acceptances, clientType, now)
  if (!waiting || waiting.closed || hasAnswered(acceptances, waiting.toAccept, 'declined')) return undefined
  return waiting
}

function hasAnswered(
  acceptances: readonly Acceptance[],
  { document, version }: TermsVersion,
  ...decisions: Acceptance['decision'][]
): boolean {
  return acceptances.some(
    (one) => one.document === document && one.version === version && decisions.includes(one.decision),
  )
}
