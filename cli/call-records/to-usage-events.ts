import { normalizeDestination } from '../../functions/prices/normalize-destination.ts'
import { readCloudEvent } from '../../functions/usage/read-cloud-events.ts'
import type { CallRecord } from './call-record.ts'
import type { SetAside } from './settle-repeats.ts'

/** A call as a CloudEvent 1.0, the form in which usage is sent. */
export type CallUsageEvent = {
  specversion: '1.0'
  id: string
  source: string
  type: string
  subject: string
  time: string
  datacontenttype: 'application/json'
  data: {
    seconds: number
    destination: string
    direction: 'inbound' | 'outbound'
    caller: string
    disposition: string
  }
}

export type UsageEventOptions = {
  /** Names the exchange: with the record's id it identifies the event, so two exchanges need two sources. */
  source: string
  /** The account that pays for the call, or undefined when there is none. */
  accountOf: (record: CallRecord) => string | undefined
  /** The service whose price applies. */
  type?: string
  direction?: 'inbound' | 'outbound'
}

/**
 * One usage event per answered call, timed at its start; every other record is set aside with the reason: nobody
 * answered, the destination holds no number (`&`, `anonymous`, nothing), no account pays for it, or the API would not take
 * it (a call of over 31 days, an id with control characters): one such line must not keep the others back.
 */
export function toUsageEvents(
  records: readonly CallRecord[],
  { source, accountOf, type = 'call', direction = 'outbound' }: UsageEventOptions,
): { events: CallUsageEvent[]; setAside: SetAside[] } {
  const events: CallUsageEvent[] = []
  const setAside: SetAside[] = []
  for (const record of records) {
    const subject = accountOf(record)
    const reason = reasonAgainst(record, subject)
    if (reason) {
      setAside.push({ line: record.line, id: record.id, ...reason })
      continue
    }
    const event = toEvent(record, { source, type, direction, subject: subject! })
    const read = readCloudEvent(event, new Date(event.time))
    if (read.ok) events.push(event)
    else {
      const detail = read.errors.map((error) => `${error.field} ${error.detail}`).join('; ')
      setAside.push({ line: record.line, id: record.id, reason: 'not_taken_as_usage', detail })
    }
  }
  return { events, setAside }
}

function reasonAgainst(
  record: CallRecord,
  subject: string | undefined,
): Pick<SetAside, 'reason' | 'detail'> | undefined {
  if (record.billableSeconds === 0)
    return { reason: 'unanswered', detail: `nobody answered (${record.disposition})` }
  if (normalizeDestination(record.destination) === undefined)
    return {
      reason: 'destination_unusable',
      detail: `"${record.destination.slice(0, 80)}" is not a number to rate by`,
    }
  if (subject === undefined)
    return { reason: 'account_unknown', detail: `no account for account code "${record.accountCode ?? ''}"` }
  return undefined
}

function toEvent(
  record: CallRecord,
  {
    source,
    type,
    direction,
    subject,
  }: { source: string; type: string; direction: 'inbound' | 'outbound'; subject: string },
): CallUsageEvent {
  const { id, startedAt, billableSeconds, destination, caller, disposition } = record
  return {
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    time: startedAt,
    datacontenttype: 'application/json',
    data: { seconds: billableSeconds, destination, direction, caller, disposition },
  }
}
