/** One leg of a call, as it is billed. Instants are UTC. */
export type CallRecord = {
  /** Unique per leg, and the same whenever the same leg is read again, from this file or one that has grown. */
  id: string
  startedAt: string
  /** Absent when nobody answered; then there are no billable seconds. */
  answeredAt?: string
  endedAt: string
  billableSeconds: number
  caller: string
  destination: string
  disposition: string
  accountCode?: string
  line: number
}
