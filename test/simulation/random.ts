/** Choices that the same seed gives again, one after the other. */
export type Random = {
  /** From 0 up to and without 1. */
  next(): number
  /** A whole number from 0 up to and without the limit. */
  below(limit: number): number
  /** True in so many of a hundred cases. */
  chance(percent: number): boolean
  pick<Item>(items: readonly Item[]): Item
}

/** Mulberry32: small, fast, and good enough to choose by. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (percent) => next() * 100 < percent,
    pick: (items) => {
      if (items.length === 0) throw new Error('nothing to pick from')
      return items[below(items.length)]!
    },
  }
}

/** The seed of an episode; the first one's is the run's own, so that an episode is run again by its seed alone. */
export function episodeSeed(seed: number, episode: number): number {
  return episode === 0
    ? seed
    : Math.floor(createRandom(seed ^ Math.imul(episode, 0x9e3779b1)).next() * 2 ** 31)
}
