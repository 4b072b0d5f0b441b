/** An item as it was and as it is, in the words of the database's stream. */
export type Change = { before?: Record<string, unknown>; after: Record<string, unknown> }

/** What a table's stream has of one account, in its order, and how far it was told. */
export class Outbox {
  readonly name: string
  readonly changes: Change[] = []
  toldCount = 0

  constructor(name: string) {
    this.name = name
  }

  /** Some of it as Lambda hands it to a function. */
  records(from: number, to: number) {
    return this.changes.slice(from, to).map(({ before, after }, index) => ({
      eventID: `${this.name}-${from + index}`,
      eventName: before ? 'MODIFY' : 'INSERT',
      eventSource: 'aws:dynamodb',
      dynamodb: { OldImage: before, NewImage: after, SequenceNumber: String(from + index) },
    }))
  }
}
