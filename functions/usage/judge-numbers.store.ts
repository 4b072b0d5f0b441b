import type { FieldError } from '../edge/problem.ts'
import type { Head } from '../ledger/entry.ts'
import type { FoundNumber, NumberedStore } from './numbered.store.ts'
import { NUMBERING } from './read-cloud-events.ts'
import type { UsageStore } from './usage.store.ts'
import { isNumbered, type NumberedEvent, type UsageEvent } from './usage-event.ts'

/** A waiting source may run so far ahead: what comes after stays with the source until the missing ones are here. */
export const FURTHEST_AHEAD = 10_000
/** Repeats mostly stand in few batches; what is not looked at here is found when it is deducted. */
const MOST_BATCHES_LOOKED_AT = 20

const NUMBER_MISSING = `is missing, or sequencetype is not "${NUMBERING}": this source numbers its events on this account, and one that came both ways would count twice`
const SENT_UNNUMBERED = 'this event was decided without a number already: it is not charged again'

/**
 * Judges the numbers of events before they are queued: those that can never be charged, or that a waiting source sends too
 * far ahead, and those that a source sends without a number though it numbers, or with one though it sent the same without.
 * Whoever is let through here is checked again when it is deducted, except for numbered events that were sent without a
 * number: those are looked for as long as the source has not begun to number.
 */
export function createNumberJudge({
  ledger,
  numbered,
  usage,
}: {
  ledger: { readHead(accountId: string): Promise<Head | undefined> }
  numbered: Pick<NumberedStore, 'lastOf' | 'find' | 'numbersEvents'>
  usage: Pick<UsageStore, 'readMany'>
}) {
  return async function judge(events: readonly UsageEvent[]): Promise<Map<UsageEvent, FieldError>> {
    const faults = new Map<UsageEvent, FieldError>()
    const fault = (event: UsageEvent, detail: string) => faults.set(event, { field: 'sequence', detail })
    for (const [accountId, own] of Map.groupBy(events, (event) => event.accountId)) {
      for (const event of await findUnnumbered(accountId, own)) fault(event, NUMBER_MISSING)
      const numberedEvents = own.filter(isNumbered)
      const head = numberedEvents.length > 0 ? await ledger.readHead(accountId) : undefined
      if (!head) continue
      for (const [source, batch] of Map.groupBy(numberedEvents, (event) => event.source))
        for (const [event, detail] of await judgeSource(head, source, batch)) fault(event, detail)
    }
    return faults
  }

  /** Events without a number of sources that number on this account: in this very request, or before it. */
  async function findUnnumbered(accountId: string, events: readonly UsageEvent[]): Promise<UsageEvent[]> {
    const numbering = new Set(events.filter(isNumbered).map(({ source }) => source))
    const plain = events.filter((event) => !isNumbered(event))
    const others = [...new Set(plain.map(({ source }) => source))].filter((source) => !numbering.has(source))
    for (const source of await numbered.numbersEvents(accountId, others)) numbering.add(source)
    return plain.filter(({ source }) => numbering.has(source))
  }

  async function judgeSource(head: Head, source: string, events: readonly NumberedEvent[]) {
    const { last, isWaiting } = await numbered.lastOf(head, source)
    if (last === 0 && !isWaiting) {
      const plain = new Set(
        (await usage.readMany(events))
          .filter(({ accountId }) => accountId === head.accountId)
          .map(({ id }) => id),
      )
      return events
        .filter(({ id }) => plain.has(id))
        .map((event): [NumberedEvent, string] => [event, SENT_UNNUMBERED])
    }
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
