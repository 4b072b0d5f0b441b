import type { CallRecord } from './call-record.ts'

/** A line that becomes no usage event, and why. */
export type SetAside = { line: number; id: string; reason: SetAsideReason; detail: string }

export type SetAsideReason =
  | 'repeat'
  | 'repeat_with_other_outcome'
  | 'repeat_of_unanswered_attempt'
  | 'same_id_other_call'
  | 'unanswered'
  | 'destination_unusable'
  | 'account_unknown'
  | 'not_taken_as_usage'

type ReadRecord = { record: CallRecord; cells: readonly string[] }

/**
 * One record per id. The first line of an id stands, so that a file that has grown gives the same records again; an
 * answered line takes the place of an unanswered attempt, which is never billed. A further line with the same time,
 * answer, seconds, caller and destination is the same call, whatever its hang-up cause says. One with others would be
 * charged under an id that is taken: it is set aside as `same_id_other_call`, for a person to look at.
 */
export function settleRepeats(read: readonly ReadRecord[]): { records: CallRecord[]; setAside: SetAside[] } {
  const standing = new Map<string, ReadRecord>()
  const setAside: SetAside[] = []
  for (const next of read) {
    const { id } = next.record
    const before = standing.get(id)
    if (!before) {
      standing.set(id, next)
    } else if (before.record.billableSeconds === 0 && next.record.billableSeconds > 0) {
      standing.set(id, next)
      setAside.push(compare(before, next))
    } else {
      setAside.push(compare(next, before))
    }
  }
  const records = [...standing.values()]
    .map(({ record }) => record)
    .sort((one, other) => one.line - other.line)
  setAside.sort((one, other) => one.line - other.line)
  return { records, setAside }
}

function compare({ record, cells }: ReadRecord, standing: ReadRecord): SetAside {
  const { id, line } = record
  const kept = standing.record
  const where = `line ${kept.line}`
  if (cells.join('\n') === standing.cells.join('\n'))
    return { line, id, reason: 'repeat', detail: `repeats ${where} word for word` }
  if (sameCall(record, kept)) {
    const outcome = `"${record.disposition}" instead of "${kept.disposition}"`
    return {
      line,
      id,
      reason: 'repeat_with_other_outcome',
      detail: `is the call of ${where}, ended ${outcome}`,
    }
  }
  if (record.billableSeconds === 0)
    return {
      line,
      id,
      reason: 'repeat_of_unanswered_attempt',
      detail: `is an unanswered attempt of ${where}`,
    }
  const detail = `has the id of ${where} but ${record.billableSeconds} s to "${record.destination}" from ${record.startedAt}`
  return { line, id, reason: 'same_id_other_call', detail }
}

function sameCall(one: CallRecord, other: CallRecord): boolean {
  const fields = ['startedAt', 'answeredAt', 'billableSeconds', 'caller', 'destination'] as const
  return fields.every((field) => one[field] === other[field])
}
