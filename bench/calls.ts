import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'

/** The rate deck that the calls are rated by: Kazoo's CSV. */
export const RATE_DECK_CSV = readFileSync(new URL('../cli/sample/rates.csv', import.meta.url), 'utf8')
export const CALL_SERVICE = 'voice.call'

const FIRST_CALL_AT = Date.parse('2026-11-02T08:00:00Z')
const MEAN_PAUSE_MILLISECONDS = 120
const MEDIAN_CALL_SECONDS = 75
const SUBSCRIBER_DIGITS = 8

export type CallMaker = ReturnType<typeof createCallMaker>

/**
 * Calls as a switch reports them: to all prefixes of the rate deck, to some far more often than to others; most of them short, one
 * soon after another, each with a UUIDv7 of its own. The same seed gives the same calls.
 */
export function createCallMaker(seed: number) {
  const random = randomOf(seed)
  const choosePrefix = zipfChoice(prefixesOf(RATE_DECK_CSV), random)
  let at = FIRST_CALL_AT
  const lastNumbers = new Map<string, number>()

  /** The next call as a CloudEvent. A numbered one carries its source's next number. */
  function nextCall(accountId: string, source: string, isNumbered: boolean) {
    at += Math.round(-Math.log(1 - random()) * MEAN_PAUSE_MILLISECONDS)
    return {
      specversion: '1.0',
      id: uuid7(at, random),
      source,
      type: CALL_SERVICE,
      subject: accountId,
      time: new Date(at).toISOString(),
      ...(isNumbered && { sequence: String(nextNumber(accountId, source)), sequencetype: 'Integer' }),
      data: { destination: destination(), seconds: seconds() },
    }
  }

  /** A source counts from 1 for each account, without gaps. */
  function nextNumber(accountId: string, source: string): number {
    const key = `${accountId} ${source}`
    const number = (lastNumbers.get(key) ?? 0) + 1
    lastNumbers.set(key, number)
    return number
  }

  function destination(): string {
    const subscriber = Math.floor(random() * 10 ** SUBSCRIBER_DIGITS)
    return `+${choosePrefix()}${String(subscriber).padStart(SUBSCRIBER_DIGITS, '0')}`
  }

  /** Log-normal: half of them shorter than the median, a few very long. */
  function seconds(): number {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.max(1, Math.round(MEDIAN_CALL_SECONDS * Math.exp(normal)))
  }

  return {
    nextBatch: (accountId: string, source: string, isNumbered: boolean, count: number) =>
      Array.from({ length: count }, () => nextCall(accountId, source, isNumbered)),
  }
}

function prefixesOf(rateDeckCsv: string): string[] {
  return (parse(rateDeckCsv, { columns: true }) as { prefix: string }[]).map(({ prefix }) => prefix)
}

/** Chooses among them by Zipf's law, in an order of its own: the n-th is chosen 1/n as often as the first. */
function zipfChoice(values: readonly string[], random: () => number): () => string {
  const ranked = values
    .map((value) => ({ value, place: random() }))
    .sort((left, right) => left.place - right.place)
  const total = ranked.reduce((sum, _, index) => sum + 1 / (index + 1), 0)
  return () => {
    let left = random() * total
    for (const [index, { value }] of ranked.entries()) {
      left -= 1 / (index + 1)
      if (left < 0) return value
    }
    return ranked.at(-1)!.value
  }
}

/** RFC 9562, section 5.7: 48 bits of time, then 74 that no packing makes smaller. */
function uuid7(at: number, random: () => number): string {
  const digits = (count: number) =>
    Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('')
  const time = at.toString(16).padStart(12, '0')
  const variant = '89ab'[Math.floor(random() * 4)]!
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(3)}-${variant}${digits(3)}-${digits(12)}`
}

/** mulberry32: 32 bits of state are plenty for digits of telephone numbers. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
