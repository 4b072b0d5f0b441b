import type { ClientType } from '../accounts/account.ts'
import { type Acceptance, concerns, type TermsVersion } from './terms.ts'

/** A document that waits for an account's acceptance. */
export type WaitingTerms = {
  /** What may be accepted now: the document's newest version that concerns the client. */
  toAccept: TermsVersion
  /** From then on the money routes are closed. */
  requiredAt: string
  /** They are closed now. */
  closed: boolean
}

/**
 * What an account has yet to accept, by document. A material version must be accepted, it or a later one, once it is in
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
    const dates = ordered
      .filter((version) => version.class === 'material' && version.number > accepted)
      .map((version) => version.effectiveAt)
      .sort()
    const requiredAt = dates[0]
    return requiredAt === undefined ? [] : [{ toAccept, requiredAt, closed: requiredAt <= now.toISOString() }]
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
  const inForce = byDocument(versions, clientType).flatMap(
    (ordered) => ordered.findLast((version) => version.effectiveAt <= now.toISOString()) ?? [],
  )
  return inForce.map(({ document, version }) => `${document}@${version}`).join(', ') || undefined
}

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

function newestAccepted(acceptances: readonly Acceptance[], document: string): bigint {
  const numbers = acceptances
    .filter((acceptance) => acceptance.document === document && acceptance.decision === 'accepted')
    .map(({ number }) => number)
  return numbers.sort((one, other) => (one < other ? -1 : 1)).at(-1) ?? 0n
}
