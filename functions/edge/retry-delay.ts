export type RetryDelays = { firstMilliseconds: number; longestMilliseconds: number }

/**
 * How long to wait before a further try (`attempt` counts from 1): anything from nothing up to a bound that doubles with each
 * try. Full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function retryDelayMilliseconds(
  attempt: number,
  { firstMilliseconds, longestMilliseconds }: RetryDelays,
  random: () => number = Math.random,
): number {
  return random() * Math.min(longestMilliseconds, firstMilliseconds * 2 ** attempt)
}

/** Resolves after the given time, not before. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, milliseconds))
}
