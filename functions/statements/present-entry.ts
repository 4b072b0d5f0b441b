import { z } from 'zod'
import { readChargeDetail } from '../charges/charge-entry.ts'
import { explainEndedDetail } from '../holds/hold-entry.ts'
import { ENTRY_KINDS, type Entry, owedChangeOf } from '../ledger/entry.ts'
import { LOT_SOURCES } from '../ledger/lot.ts'
import { money, moneyReply } from '../ledger/money.ts'
import { readMonthDetail } from '../plans/month-entry.ts'
import { describeLine } from './describe-line.ts'

export const transactionReply = z
  .object({
    sequence: z.int().meta({ description: 'the account’s own count, from 1, without gaps' }),
    kind: z.enum(ENTRY_KINDS),
    at: z.string(),
    amount: moneyReply.meta({ description: 'what it changed: below zero for what was taken' }),
    balanceBefore: moneyReply,
    balanceAfter: moneyReply.meta({ description: 'available credit after it' }),
    held: moneyReply.optional().meta({
      description:
        'what it set aside for a session or the plan, below zero for what it gave back or took from there: balanceAfter is balanceBefore plus amount less this',
    }),
    owed: moneyReply.optional().meta({
      description:
        'by how much it changed what the account owes for payments that were taken back: below zero for what it paid; absent where it did not',
    }),
    reason: z.string(),
    description: z.string().meta({
      description: 'what the line is about, for people',
      examples: ['Service plan: Hosted basic, December 2026 (40.00 of it had been set aside)'],
    }),
    actor: z.string(),
    reverses: z.int().optional().meta({ description: 'the transaction that this one undoes' }),
    termsVersion: z.string().optional().meta({ description: 'the terms in effect then' }),
  })
  .meta({ id: 'Transaction' })

export const explainedTransactionReply = transactionReply
  .extend({
    heldBefore: moneyReply,
    heldAfter: moneyReply,
    postings: z.array(z.object({ account: z.string(), amount: moneyReply })).meta({
      description: 'both sides of the movement; they sum to zero',
    }),
    lots: z
      .array(
        z.object({
          transaction: z.int().meta({ description: 'the transaction that made the lot' }),
          source: z.enum(LOT_SOURCES),
          amount: moneyReply.meta({ description: 'below zero for what was drawn from it' }),
          held: moneyReply
            .optional()
            .meta({ description: 'what of the lot was set aside, or came out of it' }),
          expiresAt: z.string().optional(),
        }),
      )
      .meta({
        description: 'which parts of the credit it changed; the amounts sum to that of available credit',
      }),
    detail: z.record(z.string(), z.unknown()).meta({
      description:
        'how the amount came about: price version, quantity, rounding, each event of a batch; names that end in Micros are millionths of a currency unit',
    }),
    eventsErasedAt: z.string().optional().meta({
      description:
        'of a numbered batch: when what its events said was erased, because its time was over; the hash still proves',
    }),
    key: z.string(),
    previousHash: z.string(),
    hash: z.string().meta({ description: 'SHA-256 over everything that the line says, base64url' }),
  })
  .meta({ id: 'ExplainedTransaction' })

/** One line of a statement. */
export function presentEntry(entry: Entry): z.infer<typeof transactionReply> {
  const { currency, kind, reason } = entry
  const moved = { held: presentHeld(entry), owed: presentOwed(entry) }
  return {
    sequence: Number(entry.sequence),
    kind,
    at: entry.at,
    amount: money(entry.amountMicros, currency),
    balanceBefore: money(entry.availableBeforeMicros, currency),
    balanceAfter: money(entry.availableAfterMicros, currency),
    ...moved,
    reason,
    description: describeLine({ kind, reason, ...moved }),
    actor: entry.actor,
    reverses: entry.reverses === undefined ? undefined : Number(entry.reverses),
    termsVersion: entry.termsVersion,
  }
}

function presentHeld({ heldBeforeMicros, heldAfterMicros, currency }: Entry) {
  if (heldBeforeMicros === heldAfterMicros) return undefined
  return money(heldAfterMicros - heldBeforeMicros, currency)
}

function presentOwed(entry: Entry) {
  const owedMicros = owedChangeOf(entry)
  return owedMicros === 0n ? undefined : money(owedMicros, entry.currency)
}

/** One line with all that explains and proves it. */
export function explainEntry(entry: Entry): z.infer<typeof explainedTransactionReply> {
  const { currency } = entry
  return {
    ...presentEntry(entry),
    heldBefore: money(entry.heldBeforeMicros, currency),
    heldAfter: money(entry.heldAfterMicros, currency),
    postings: entry.postings.map(({ account, amountMicros }) => ({
      account,
      amount: money(amountMicros, currency),
    })),
    lots: entry.lots.map(({ lot, source, changeMicros, heldMicros, expiresAt }) => ({
      transaction: Number(lot),
      source,
      amount: money(changeMicros, currency),
      held: heldMicros === undefined ? undefined : money(heldMicros, currency),
      expiresAt,
    })),
    detail: explainDetail(entry),
    eventsErasedAt: entry.packedErasedAt,
    key: entry.key,
    previousHash: entry.previousHash,
    hash: entry.hash,
  }
}

function explainDetail(entry: Entry): Record<string, unknown> {
  const { kind, detail } = entry
  if (kind === 'charge') return readChargeDetail(detail)
  if (kind === 'capture' || kind === 'release') return explainEndedDetail(detail)
  if (kind === 'plan' || kind === 'plan_short') return readMonthDetail(entry)
  return JSON.parse(detail)
}
