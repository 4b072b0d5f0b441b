import type { PriceVersion } from './price.ts'

/** Anything of which several versions may be in force, one after another, per currency. */
type Versioned = { version: number; currency: string; effectiveFrom: string }

/**
 * The version in force at an instant: of those that have begun, the one that began last; of two that began together,
 * the one written last.
 */
export function findInForce<T extends Versioned>(
  versions: readonly T[],
  currency: string,
  at: string,
): T | undefined {
  let found: T | undefined
  for (const candidate of versions) {
    if (candidate.currency !== currency || candidate.effectiveFrom > at) continue
    if (!found || isLater(candidate, found)) found = candidate
  }
  return found
}

function isLater(candidate: Versioned, found: Versioned): boolean {
  if (candidate.effectiveFrom !== found.effectiveFrom) return candidate.effectiveFrom > found.effectiveFrom
  return candidate.version > found.version
}

/**
 * The price of a service for a client at an instant (`at`: UTC with milliseconds, as `instantSchema` writes it). A price
 * for the client's own type comes before one for any client, however much later the other began.
 */
export function findPrice(
  versions: readonly PriceVersion[],
  { currency, clientType, at }: { currency: string; clientType: string; at: string },
): PriceVersion | undefined {
  const own = versions.filter((version) => version.clientType === clientType)
  const any = versions.filter((version) => version.clientType === undefined)
  return findInForce(own, currency, at) ?? findInForce(any, currency, at)
}
