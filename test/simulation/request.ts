import type { AccountBooks, SeenEntry } from './books.ts'
import type { Outcome } from './invocation.ts'
import { require } from './require.ts'
import type { HandlerName } from './workers.ts'

/** A caller's wish that becomes at most one entry, however often it is sent. */
export type RequestOptions = {
  /** For people: `charge 4.00`. */
  label: string
  account: AccountBooks
  /** The key under which the ledger has to keep it. */
  key: string
  handler: HandlerName
  /** The event of an attempt: the same wish each time. */
  event: () => unknown
  /** The change of the balance that it has to be. */
  amountMicros: (entry: SeenEntry) => bigint
  /** The change of what is held; absent: none. */
  heldMicros?: () => bigint
  /** Why it may be refused; says whether the refusal is just, given what the books say. */
  refusals: Record<string, () => boolean>
  /** Where it may be answered as done without an entry: says whether that is just. */
  isNothingLeft?: () => boolean
  /** Found in the answer: the number of the transaction. */
  transactionOf: (body: Record<string, unknown>) => number | undefined
}

/** What a caller knows of a request, and what may still become of it. */
export class Request {
  readonly options: RequestOptions
  /** The entry that it led to; once seen, it stays this one. */
  entry?: SeenEntry
  /** Attempts that were not refused: only with one of them there may be an entry. */
  private hopefulCount = 0
  private answeredSequence?: bigint
  isAnswered = false

  constructor(options: RequestOptions) {
    this.options = options
  }

  get label(): string {
    return `${this.options.label} (${this.options.key})`
  }

  /** To be called when an attempt is sent; what it returns takes the outcome and says what has to be checked after the step. */
  begin(): (outcome: Outcome) => (() => void) | undefined {
    const wasPosted = this.entry !== undefined
    this.hopefulCount += 1
    return (outcome) => this.end(outcome, wasPosted)
  }

  /** The ledger shows an entry of it. */
  take(entry: SeenEntry): void {
    const { label, options } = this
    require(this.hopefulCount > 0, () =>
      `${label}: was refused and is charged all the same, as #${entry.sequence}`)
    require(entry.amountMicros === options.amountMicros(entry), () =>
      `${label}: is entered as ${entry.amountMicros}, not as ${options.amountMicros(entry)} micros`)
    const heldMicros = options.heldMicros?.() ?? 0n
    require(options.heldMicros === undefined || entry.heldMicros === heldMicros, () =>
      `${label}: holds ${entry.heldMicros}, not ${heldMicros} micros`)
    this.entry = entry
  }

  private end(outcome: Outcome, wasPosted: boolean): (() => void) | undefined {
    const answer = readAnswer(this.label, outcome)
    if (answer.kind === 'unknown') return undefined
    this.isAnswered = true
    if (answer.kind === 'refused') {
      this.hopefulCount -= 1
      const isJust = this.options.refusals[answer.code]
      require(isJust !== undefined, () => `${this.label}: is refused with ${answer.code}: ${answer.detail}`)
      require(!wasPosted, () => `${this.label}: was done and is refused now with ${answer.code}`)
      return () => require(isJust(), () => `${this.label}: is refused with ${answer.code} without cause`)
    }
    const number = this.options.transactionOf(answer.body)
    if (number === undefined)
      return () =>
        require(this.entry !== undefined || this.options.isNothingLeft?.() === true, () =>
          `${this.label}: is answered as done and is not there`)
    const sequence = BigInt(number)
    return () => {
      require(this.entry !== undefined, () =>
        `${this.label}: is answered with #${sequence}, which is not there`)
      require(this.entry.sequence === sequence, () =>
        `${this.label}: is answered with #${sequence}, it is #${this.entry?.sequence}`)
      require(this.answeredSequence === undefined || this.answeredSequence === sequence, () =>
        `${this.label}: was answered with #${this.answeredSequence} and is with #${sequence} now`)
      this.answeredSequence = sequence
    }
  }
}

export type Answer =
  | { kind: 'done'; body: Record<string, unknown> }
  | { kind: 'refused'; code: string; detail: string; body: Record<string, unknown> }
  | { kind: 'unknown' }

/**
 * What a caller may conclude. No answer, 500, 502 and 503 leave it open whether anything happened; a 500 with no fault to blame is a
 * violation by itself.
 */
export function readAnswer(label: string, outcome: Outcome): Answer {
  if (outcome.kind === 'lost') return { kind: 'unknown' }
  if (outcome.kind === 'threw') {
    require(outcome.hadFaults, () => `${label}: throws ${outcome.error}`)
    return { kind: 'unknown' }
  }
  const { statusCode, body: text } = outcome.value as { statusCode: number; body?: string }
  const body = (text ? JSON.parse(text) : {}) as Record<string, unknown>
  if (statusCode < 300) return { kind: 'done', body }
  require(statusCode !== 500 || outcome.hadFaults, () => `${label}: answers 500 and nothing was wrong`)
  if (statusCode >= 500) return { kind: 'unknown' }
  return { kind: 'refused', code: String(body.code), detail: String(body.detail), body }
}
