/** A write that lost a race, or whose reply never came, is tried so often, with pauses of so long between. */
export const TRIES = 14
export const DELAYS = { firstMilliseconds: 8, longestMilliseconds: 400 }
