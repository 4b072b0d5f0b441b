/** What a person did with an announcement, whichever account they saw it by, under `PERSON#<person>` / `ANNOUNCEMENT#<id>`. */
export type PersonState = { readAt?: string; dismissedAt?: string }

/** How many people did; each counts once. */
export type Counts = { reads: bigint; dismissals: bigint; mailsSent: bigint; mailsRejected: bigint }
