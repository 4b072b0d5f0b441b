import { type FieldError, invalidField } from '../edge/problem.ts'
import { MOST_EVENTS_PER_REQUEST, readCloudEvent } from './read-cloud-events.ts'
import type { UsageEvent } from './usage-event.ts'

/** The answer to one event of a request, by its place in it. */
export type UsageVerdict = {
  index: number
  source?: string
  id?: string
  verdict: 'accepted' | 'rejected'
  errors?: FieldError[]
}

export type TakenUsage = {
  /** The events to be deducted, in the order of the request. */
  accepted: UsageEvent[]
  verdicts: UsageVerdict[]
  /** The one thing that keeps the event of a single-event request out, when it is well formed. */
  unknownAccounts: Set<string>
}

/** The events of a request's body: one, or the members of a batch, which may be empty. */
export function listEvents(body: unknown, isBatch: boolean): unknown[] {
  if (!isBatch) return [body]
  if (Array.isArray(body) && body.length <= MOST_EVENTS_PER_REQUEST) return body
  throw invalidField('body', `must be a list of at most ${MOST_EVENTS_PER_REQUEST} events`)
}

/** What is wrong with the numbers of numbered events, by event. */
export type JudgeNumbers = (events: readonly UsageEvent[]) => Promise<ReadonlyMap<UsageEvent, FieldError>>

/** Reads every event of a request by itself: a malformed one, or one of an unknown account, leaves the others accepted. */
export async function readUsage(
  values: readonly unknown[],
  now: Date,
  findUnknown: (accountIds: string[]) => Promise<string[]>,
  judgeNumbers: JudgeNumbers = async () => new Map(),
): Promise<TakenUsage> {
  const read = values.map((value) => ({ value, result: readCloudEvent(value, now) }))
  const subjects = new Set(read.flatMap(({ result }) => (result.ok ? [result.event.accountId] : [])))
  const unknownAccounts = new Set(await findUnknown([...subjects]))
  const known = read.flatMap(({ result }) =>
    result.ok && !unknownAccounts.has(result.event.accountId) ? [result.event] : [],
  )
  const faults = await judgeNumbers(known)

  const accepted: UsageEvent[] = []
  const verdicts = read.map(({ value, result }, index): UsageVerdict => {
    if (!result.ok) return { index, ...identityIn(value), verdict: 'rejected', errors: result.errors }
    const { event } = result
    const { source, id } = event
    if (unknownAccounts.has(event.accountId)) {
      const errors = [{ field: 'subject', detail: 'is not an account here' }]
      return { index, source, id, verdict: 'rejected', errors }
    }
    const fault = faults.get(event)
    if (fault) return { index, source, id, verdict: 'rejected', errors: [fault] }
    accepted.push(event)
    return { index, source, id, verdict: 'accepted' }
  })
  return { accepted, verdicts, unknownAccounts }
}

/** Every fault of a request none of whose events can be taken; in a batch each field begins with the event's place. */
export function faultsOf(verdicts: readonly UsageVerdict[], isBatch: boolean): FieldError[] {
  return verdicts
    .flatMap(({ index, errors = [] }) =>
      errors.map(({ field, detail }) => ({ field: isBatch ? `${index}.${field}` : field, detail })),
    )
    .slice(0, 100)
}

const LONGEST_SHOWN = 200

function identityIn(value: unknown): { source?: string; id?: string } {
  if (typeof value !== 'object' || value === null) return {}
  const { source, id } = value as { source?: unknown; id?: unknown }
  const shown = (text: unknown) => (typeof text === 'string' ? text.slice(0, LONGEST_SHOWN) : undefined)
  return { source: shown(source), id: shown(id) }
}
