import type { Head } from '../../functions/ledger/entry.ts'

/** A HEAD for rules: what is available is one top-up's lot. */
export function headWith(said: Partial<Head> = {}): Head {
  const { availableMicros = 0n, sequence = 0n } = said
  return {
    accountId: 'acc_example1',
    currency: 'USD',
    status: 'open',
    availableMicros,
    heldMicros: 0n,
    receivableMicros: 0n,
    sequence,
    tip: 'tip',
    counters: {},
    revision: sequence,
    lots: availableMicros > 0n ? [{ lot: 1n, source: 'top_up', remainingMicros: availableMicros }] : [],
    watermarks: {},
    ...said,
  }
}
