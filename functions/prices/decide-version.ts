/** Anything that is replaced by new versions of itself and never changed. */
export type Versioned = { version: number; effectiveFrom: string; createdAt: string }

/** What stands already and says the same, or the number and the beginning of the version to be written. */
export type VersionDecision<Version> =
  | { kind: 'same'; version: Version }
  | { kind: 'new'; version: number; effectiveFrom: string }

/**
 * Decides whether a draft is a new version. It is not when the newest version of its lane (its currency and client type)
 * says the same and begins when the draft begins; a draft without a beginning begins now, and is the same as a version
 * that has begun, or that began as it was written, by a clock ahead of this one. So a request sent twice, or a deployment
 * run again, makes one version.
 */
export function decideVersion<Version extends Versioned>(
  versions: readonly Version[],
  draft: {
    effectiveFrom?: string | undefined
    inLane: (version: Version) => boolean
    saysTheSame: (version: Version) => boolean
  },
  now: string,
): VersionDecision<Version> {
  const newest = versions.filter(draft.inLane).reduce<Version | undefined>(later, undefined)
  if (newest && draft.saysTheSame(newest)) {
    const { effectiveFrom, createdAt } = newest
    const hasBegun = effectiveFrom <= now || effectiveFrom === createdAt
    if (draft.effectiveFrom === undefined ? hasBegun : effectiveFrom === draft.effectiveFrom)
      return { kind: 'same', version: newest }
  }
  const last = versions.reduce<Version | undefined>(later, undefined)
  return { kind: 'new', version: (last?.version ?? 0) + 1, effectiveFrom: draft.effectiveFrom ?? now }
}

function later<Version extends Versioned>(found: Version | undefined, next: Version): Version {
  return found && found.version > next.version ? found : next
}
