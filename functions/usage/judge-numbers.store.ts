import type { FieldError } from '../edge/problem.ts'
import type { Head } from '../ledger/entry.ts'
import type { FoundNumber, NumberedStore } from './numbered.store.ts'
import { isNumbered, type NumberedEvent, type UsageEvent } from './usage-event.ts'

/** A waiting source may run so far ahead: what comes after stays with the source until the missing ones are here. */
export const FURTHEST_AHEAD = 10_000
/** Repeats mostly stand in few batches; what is not looked at here is found when it is deducted. */
const MOST_BATCHES_LOOKED_AT = 20

/**
 * Judges the numbers of events before they are queued: those that can never be charged, or that a waiting source sends too
 * far ahead, by event. Whoever is let through here is checked again when it is deducted.
 */
export function createNumberJudge({
  ledger,
  numbered,
}: {
  ledger: { readHead(accountId: string): Promise<Head | undefined> }
  numbered: Pick<NumberedStore, 'lastOf' | 'find'>
}) {
  return async function judge(events: readonly UsageEvent[]): Promise<Map<UsageEvent, FieldError>> {
    const faults = new Map<UsageEvent, FieldError>()
    for (const [accountId, own] of Map.groupBy(events.filter(isNumbered), (event) => event.accountId)) {
      const head = await ledger.readHead(accountId)
      if (!head) continue
      for (const [source, batch] of Map.groupBy(own, (event) => event.source))
        for (const [event, detail] of await judgeSource(head, source, batch))
          faults.set(event, { field: 'sequence', detail })
    }
    return faults
  }

  async function judgeSource(head: Head, source: string, events: readonly NumberedEvent[]) {
    const { last, isWaiting } = await numbered.lastOf(head, source)
    const numbers = events.map(({ number }) => number).filter((number) => number <= last)
    const found = await numbered.find(head.accountId, source, numbers, MOST_BATCHES_LOOKED_AT)
    return events.flatMap((event): [NumberedEvent, string][] => {
      const there = found.get(event.number)
      const detail = there ? judgeUsed(event, there, last) : judgeAhead(event, last, isWaiting)
      return detail === undefined ? [] : [[event, detail]]
    })
  }
}

/** A repeat is let through, as every repeat is: it changes nothing. */
function judgeUsed({ id, number }: NumberedEvent, { batch, decision }: FoundNumber, last: number) {
  if (batch.released)
    return `sequence_released: ${number} was given up in transaction ${batch.entrySequence}, as it had not come; it can no longer be charged`
  if (decision && decision.event.id !== id)
    return `${number} was used for event "${decision.event.id}" of this source already, and the last number taken is ${last}. A source that begins its numbering anew needs a new name, such as the old one with ";2" after it`
  return undefined
}

function judgeAhead({ number }: NumberedEvent, last: number, isWaiting: boolean) {
  if (!isWaiting || number <= last + FURTHEST_AHEAD) return undefined
  return `is more than ${FURTHEST_AHEAD} ahead of ${last}, the last number taken: ${last + 1} is missing. Send it, and then this one again`
}
