import { type Entry, genesisHash, type Head, hashEntry } from './entry.ts'

/**
 * Folds an account's whole history against its HEAD. An empty list means that sequence, chain, every line's balances,
 * double entry and HEAD agree; otherwise each string says what does not, and where.
 */
export function proveAccount(head: Head, entries: readonly Entry[]): string[] {
  const faults: string[] = []
  let previousHash = genesisHash(head.accountId, head.currency)
  let availableMicros = 0n
  let heldMicros = 0n
  let sequence = 0n
  for (const entry of entries) {
    const where = `entry ${entry.sequence}`
    sequence += 1n
    if (entry.sequence !== sequence) faults.push(`${where}: expected number ${sequence}`)
    if (entry.previousHash !== previousHash) faults.push(`${where}: does not follow the entry before it`)
    const { hash, ...unhashed } = entry
    if (hashEntry(unhashed) !== hash) faults.push(`${where}: was changed after it was written`)
    if (entry.postings.reduce((sum, line) => sum + line.amountMicros, 0n) !== 0n)
      faults.push(`${where}: does not sum to zero`)
    if (entry.availableBeforeMicros !== availableMicros || entry.heldBeforeMicros !== heldMicros) {
      faults.push(`${where}: does not begin with the balance that the entry before it left`)
    }
    const change = entry.availableAfterMicros - availableMicros + entry.heldAfterMicros - heldMicros
    if (change !== entry.amountMicros)
      faults.push(`${where}: balances differ by ${change}, not by its amount`)
    if (entry.availableAfterMicros < 0n || entry.heldAfterMicros < 0n) faults.push(`${where}: below zero`)
    availableMicros = entry.availableAfterMicros
    heldMicros = entry.heldAfterMicros
    previousHash = hash
    sequence = entry.sequence
  }
  if (head.sequence !== sequence) faults.push(`HEAD counts ${head.sequence} entries, the history ${sequence}`)
  if (head.availableMicros !== availableMicros)
    faults.push(`HEAD has ${head.availableMicros} available, the history ${availableMicros}`)
  if (head.heldMicros !== heldMicros)
    faults.push(`HEAD has ${head.heldMicros} held, the history ${heldMicros}`)
  if (head.tip !== previousHash) faults.push('HEAD does not end in the last entry’s hash')
  return faults
}
