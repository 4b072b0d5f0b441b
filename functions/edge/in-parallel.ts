/**
 * Runs for each item, at most so many at once; the results are in the items' order. The first run that throws is what the
 * whole throws, and no further one is begun.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  mostAtOnce: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = items.entries()
  let hasFailed = false
  async function work(): Promise<void> {
    // All workers take from the one iterator, so that each item is taken once.
    for (const [index, item] of waiting) {
      if (hasFailed) return
      results[index] = await run(item).catch((error: unknown) => {
        hasFailed = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, items.length) }, work))
  return results
}
