import type { ClientType } from '../accounts/account.ts'
import { concerns } from '../accounts/concerned-clients.ts'
import { type Acceptance, type TermsVersion, usageClosesAt } from './terms.ts'

/** A document that waits for an account's acceptance. */
export type WaitingTerms = {
  /** What may be accepted now: the document's newest version that concerns the client. */
  toAccept: TermsVersion
  /** Where it is closed by what is in effect, and the newest is not yet: what may be accepted as well, and opens it until then. */
  inEffect: TermsVersion | undefined
  /** From then on what the account's people do is closed, but for what is theirs despite it. */
  requiredAt: string
  /** It is closed now. */
  closed: boolean
  /** From then on what machines use for the account is closed too. */
  usageClosesAt: string
  /** The version that the account accepted last; undefined where it accepted none. */
  acceptedVersion: string | undefined
}

/**
 * What an account has yet to accept or acknowledge, by document; terms of apps close nothing. A material version must be accepted, it or a later one, once it is in
 * effect; publishing counts the versions, so that "later" does not depend on dates that somebody chose.
 */
export function findWaitingTerms(
  versions: readonly TermsVersion[],
  acceptances: readonly Acceptance[],
  clientType: ClientType,
  now: Date,
): WaitingTerms[] {
  return byDocument(versions, clientType).flatMap((ordered) => {
    const toAccept = ordered.at(-1)!
    const accepted = newestAccepted(acceptances, toAccept.document)
    const acceptedNumber = accepted?.number ?? 0n
    const unanswered = ordered.filter(({ class: of, number }) => of === 'material' && number > acceptedNumber)
    if (unanswered.length === 0 || toAccept.kind === 'app_terms') return []
    const requiredAt = earliest(unanswered.map(({ effectiveAt }) => effectiveAt))
    const closed = requiredAt <= now.toISOString()
    const newestInEffect = findInEffect(ordered, now)
    return [
      {
        ...{ toAccept, requiredAt, closed, acceptedVersion: accepted?.version },
        inEffect: closed && newestInEffect !== toAccept ? newestInEffect : undefined,
        usageClosesAt: earliest(unanswered.map(usageClosesAt)),
      },
    ]
  })
}

/** A version that an account is told of until it is in effect; `since`: what the account accepted last, else the version before it. */
export type AnnouncedTerms = { version: TermsVersion; since: string | undefined }

/**
 * What comes and waits for nobody's answer: of each document the newest version, where the account has not answered it and nothing of
 * the document waits. Terms of apps are announced to those who agreed to an earlier version.
 */
export function findAnnouncedTerms(
  versions: readonly TermsVersion[],
  acceptances: readonly Acceptance[],
  clientType: ClientType,
  now: Date,
): AnnouncedTerms[] {
  const waiting = findWaitingTerms(versions, acceptances, clientType, now)
  return byDocument(versions, clientType).flatMap((ordered) => {
    const version = ordered.at(-1)!
    const accepted = newestAccepted(acceptances, version.document)
    const isWaiting = waiting.some(({ toAccept }) => toAccept === version)
    const isAnswered = accepted !== undefined && accepted.number >= version.number
    const isOfOthers = version.kind === 'app_terms' && accepted === undefined
    if (version.effectiveAt <= now.toISOString() || isWaiting || isAnswered || isOfOthers) return []
    return [{ version, since: accepted?.version ?? ordered.at(-2)?.version }]
  })
}

/**
 * Names the versions in effect for a client, for the entries of its ledger: `terms-of-service@2018-05-29`, several by
 * document with a comma between. Undefined when there are none.
 */
export function labelTermsInForce(
  versions: readonly TermsVersion[],
  clientType: ClientType,
  now: Date,
): string | undefined {
  const inForce = byDocument(versions, clientType).flatMap((ordered) => findInEffect(ordered, now) ?? [])
  return inForce.map(({ document, version }) => `${document}@${version}`).join(', ') || undefined
}

/**
 * The versions of one document that a client may answer: its newest, and the newest that is in effect, since nobody has to agree
 * to what is not in effect yet to use what is.
 */
export function findAnswerable(
  versions: readonly TermsVersion[],
  clientType: ClientType,
  now: Date,
): { newest?: TermsVersion; inEffect?: TermsVersion } {
  const [ordered = []] = byDocument(versions, clientType)
  return { newest: ordered.at(-1), inEffect: findInEffect(ordered, now) }
}

function findInEffect(ordered: readonly TermsVersion[], now: Date): TermsVersion | undefined {
  return ordered.findLast(({ effectiveAt }) => effectiveAt <= now.toISOString())
}

const earliest = (instants: string[]) => instants.toSorted()[0]!

/** The versions that concern a client: documents by name, each one's versions from first to newest. */
function byDocument(versions: readonly TermsVersion[], clientType: ClientType): TermsVersion[][] {
  const documents = Map.groupBy(
    versions.filter((version) => concerns(version, clientType)),
    (version) => version.document,
  )
  return [...documents.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, ofDocument]) => ofDocument.toSorted((one, other) => (one.number < other.number ? -1 : 1)))
}

function newestAccepted(acceptances: readonly Acceptance[], document: string): Acceptance | undefined {
  return acceptances
    .filter((acceptance) => acceptance.document === document && acceptance.decision !== 'declined')
    .toSorted((one, other) => (one.number < other.number ? -1 : 1))
    .at(-1)
}
