import type { Breakage } from './break-source.ts'

const LEDGER = 'functions/ledger/ledger.store.ts'

/** Each is a mistake that somebody might make one day. The simulation has to show every one of them. */
export const BREAKAGES: Breakage[] = [
  {
    name: 'HEAD is written whatever it has become',
    edits: [
      { file: LEDGER, find: "'#sequence = :read AND #status = :status AND ", replace: "'#sequence >= :read AND #status = :status AND " },
    ],
  },
]
