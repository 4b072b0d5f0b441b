import type { Head } from './entry.ts'

/** Accounts that one process remembers; the one used longest ago goes first. */
const MOST_ACCOUNTS = 1000

/**
 * Remembers HEAD from an account's last posting, so that the next one need not read it: the condition of the write guards
 * it. An account that others write to as well is not recalled, because a write on a HEAD of yesterday costs as much as one
 * that holds; once nobody else wrote between two postings it is recalled again.
 */
export function createHeadMemory() {
  const remembered = new Map<string, { head: Head; isAlone: boolean }>()

  function keep(head: Head, isAlone: boolean): void {
    remembered.delete(head.accountId)
    remembered.set(head.accountId, { head, isAlone })
    if (remembered.size > MOST_ACCOUNTS) remembered.delete(remembered.keys().next().value!)
  }

  return {
    /** HEAD as this process left it, where it seems to be the only writer. */
    recall(accountId: string): Head | undefined {
      const known = remembered.get(accountId)
      return known?.isAlone ? known.head : undefined
    },
    /** HEAD was read: has somebody else written since? */
    noteRead(head: Head): void {
      const known = remembered.get(head.accountId)
      keep(head, known === undefined || known.head.revision === head.revision)
    },
    /** HEAD as this process has just written it. */
    noteWritten(head: Head): void {
      keep(head, remembered.get(head.accountId)?.isAlone ?? true)
    },
    /** A write failed: somebody else has written, or nobody knows. */
    noteLost(accountId: string, head: Head | undefined): void {
      if (head) keep(head, false)
      else remembered.delete(accountId)
    },
  }
}
