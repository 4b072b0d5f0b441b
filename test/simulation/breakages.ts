import type { Breakage } from './break-source.ts'

const LEDGER = 'functions/ledger/ledger.store.ts'
const TRANSACTION = 'functions/ledger/posting-transaction.store.ts'
const CHARGING = 'functions/charges/charge-now.store.ts'

/** Mistakes that somebody might make one day. The simulation has to show every one of them. */
export const BREAKAGES: Breakage[] = [
  {
    name: 'HEAD and entries are written over what others wrote meanwhile',
    shows: ['HEAD has', 'which is not there', 'is taken and not credited'],
    edits: [
      {
        file: 'functions/ledger/head.store.ts',
        find: "'#revision = :read AND ",
        replace: "'(#revision = :read OR #revision <> :read) AND ",
      },
      {
        file: TRANSACTION,
        find: 'putOnce(ledgerTable, { pk, sk: entryKey(entry.sequence), ...entry }),',
        replace: '{ Put: { TableName: ledgerTable, Item: { pk, sk: entryKey(entry.sequence), ...entry } } },',
      },
    ],
  },
  {
    name: 'a debit is not refused for want of credit',
    shows: ['answers 500'],
    edits: [
      {
        file: 'functions/ledger/decide-movement.ts',
        find: "if (amountMicros < 0n) throw new Error('a debit is not less than zero')\n  if (head.availableMicros < amountMicros) return",
        replace: 'if (amountMicros < 0n) return',
      },
    ],
  },
  {
    name: 'the idempotency key is not written',
    shows: ['was decided before'],
    edits: [
      {
        file: TRANSACTION,
        find: 'items.push(putOnce(ledgerTable, { pk, sk: idempotencyKey(request.key), ...keyItem }))',
        replace: 'void keyItem',
      },
    ],
  },
  {
    name: 'the idempotency key is written over',
    shows: ['was decided before'],
    edits: [
      {
        file: TRANSACTION,
        find: 'items.push(putOnce(ledgerTable, { pk, sk: idempotencyKey(request.key), ...keyItem }))',
        replace:
          'items.push({ Put: { TableName: ledgerTable, Item: { pk, sk: idempotencyKey(request.key), ...keyItem } } })',
      },
    ],
  },
  {
    name: 'a repeated request is not recognised',
    shows: ['was done and is refused now'],
    seed: 693_250_531,
    edits: [
      { file: LEDGER, find: 'if (read.keyItem) return', replace: 'if (read.keyItem && !read.head) return' },
      { file: LEDGER, find: 'if (failure.keyItem) return', replace: 'if (failure.keyItem && !known) return' },
      { file: LEDGER, find: 'return keyItem ? replay(', replace: 'return keyItem && !key ? replay(' },
    ],
  },
  {
    name: 'usage events leave no marker',
    shows: ['and again in'],
    seed: 6,
    edits: [
      {
        file: TRANSACTION,
        find: 'items.push(putOnce(usageTable, { ...marker.item, entrySequence: entry.sequence }))',
        replace: 'void marker',
      },
    ],
  },
  {
    name: 'a write whose reply was lost is taken for done',
    shows: ['which is not there', 'was accepted and never decided'],
    seed: 6,
    edits: [
      {
        file: LEDGER,
        find: 'return explainFailure(error, parts, known)',
        replace:
          "if (!(error as Error).name.startsWith('Transaction')) return undefined\n      return explainFailure(error, parts, known)",
      },
    ],
  },
  {
    name: 'a refusal is decided on a HEAD of yesterday',
    shows: ['without cause'],
    edits: [{ file: LEDGER, find: 'if (known.isRead) return refuse', replace: 'if (known) return refuse' }],
  },
  {
    name: 'a charge is posted before it is checked',
    shows: ['was refused and is charged all the same'],
    seed: 3,
    edits: [
      {
        file: CHARGING,
        find: 'if (posted.ok) return posted.entry',
        replace:
          "if (posted.ok && posted.entry.availableAfterMicros < 1_000_000n)\n      throw new Problem('insufficient_credit', 'Too little is left.')\n    if (posted.ok) return posted.entry",
      },
    ],
  },
  {
    name: 'a payment is settled by each of its events',
    shows: ['was credited before', 'settled, '],
    edits: [
      {
        file: 'functions/top-up/settle-top-up.store.ts',
        find: '`,\n      requestHash: requestHash({ topUpId,',
        replace: ':` + news.eventId,\n      requestHash: requestHash({ topUpId,',
      },
      {
        file: 'functions/top-up/settle-top-up.store.ts',
        find: "documents: [{ Put: topUps.changeOf(topUp, 'settled', at, settled) }]",
        replace: 'documents: settled ? [] : []',
      },
    ],
  },
  {
    name: 'a month that was owed is charged again and again',
    shows: ['it was charged before'],
    edits: [
      {
        file: 'functions/plans/settle-month.store.ts',
        find: "...keyOf('plan', period),",
        replace: "...keyOf('plan', period),\n      key: 'plan:' + period + Math.random(),",
      },
      {
        file: 'functions/plans/settle-month.store.ts',
        find: 'subscriptions.replacePeriod(settled, document),',
        replace: '...(settled ? [] : []),',
      },
    ],
  },
  {
    name: 'a newer month is charged before an older one that is owed',
    shows: ['an older month is still owed'],
    seed: 1_431_534_018,
    edits: [
      {
        file: 'functions/plans/charge-due-month.store.ts',
        find: 'const owedMicros = owedBefore(short, due.period)',
        replace: 'const owedMicros = owedBefore([], due.period)',
      },
    ],
  },
  {
    name: 'an addition counts from tomorrow',
    shows: ['and should to'],
    seed: 2,
    edits: [
      {
        file: 'functions/plans/month-lines.ts',
        find: '...linesOn(today, { firstDay: day, lastDay: day }, daysInMonth)',
        replace: '...linesOn(linesOfDay(lines, day), { firstDay: day, lastDay: day }, daysInMonth)',
      },
    ],
  },
  {
    name: 'services stop while there is grace',
    shows: ['stops services while there is grace'],
    edits: [
      {
        file: 'functions/plans/stop-services.store.ts',
        find: "if (!governing || governing.graceEndsAt > at) return 'done'",
        replace: "if (!governing) return 'done'",
      },
    ],
  },
  {
    name: 'the day of a stop is charged',
    shows: ['after a stop on day'],
    seed: 3,
    edits: [
      {
        file: 'functions/plans/decide-stop.ts',
        find: 'stopLines(month.lines, { day, services',
        replace: 'stopLines(month.lines, { day: day + 1, services',
      },
    ],
  },
  {
    name: 'what is stopped is charged on the first',
    shows: ['and should be for', 'and should to'],
    seed: 7,
    edits: [
      {
        file: 'functions/plans/price-plan.ts',
        find: 'if (services.has(BASE_FEE_SERVICE)) return []',
        replace: 'if (services.size === 0) return [...lines]',
      },
      {
        file: 'functions/plans/price-plan.ts',
        find: 'return lines.filter(({ service }) => !services.has(service))',
        replace: 'return [...lines]',
      },
    ],
  },
  {
    name: 'a lot is lost behind HEAD',
    shows: ['its entries left'],
    edits: [
      {
        file: 'functions/ledger/lot.ts',
        find: 'behind: [...behind, ...lots.slice(most)]',
        replace: 'behind',
      },
    ],
  },
  {
    name: 'bought credit is used before given credit',
    shows: ['in the order of use it would be'],
    seed: 1_884_711_034,
    edits: [
      {
        file: 'functions/ledger/lot.ts',
        find: 'isGiven(source) ? 0 : 1}',
        replace: 'isGiven(source) ? 1 : 0}',
      },
    ],
  },
  {
    name: 'usage that was not queued is accepted',
    shows: ['was accepted and never decided'],
    seed: 3,
    edits: [
      {
        file: 'functions/usage/usage-queue.client.ts',
        find: "log.error('usage was not queued', error as Error)\n      }\n      return false",
        replace: "log.error('usage was not queued', error as Error)\n      }",
      },
    ],
  },
  {
    name: 'a message is taken for done when its deduction fails',
    shows: ['was accepted and never decided'],
    seed: 4,
    edits: [
      {
        file: 'functions/usage/deduct-messages.ts',
        find: 'return done\n    }',
        replace: 'return waiting.length\n    }',
      },
    ],
  },
  {
    name: 'events that the bus turned down are forgotten',
    shows: ['the bus was never told'],
    seed: 676_248_920,
    edits: [
      {
        file: 'functions/events/bus.client.ts',
        find: 'waiting = waiting.filter((_, place) => !results[place]?.EventId)',
        replace: 'waiting = []',
      },
    ],
  },
  {
    name: 'several refunds of one charge do not know of each other',
    shows: ['are given back', 'and should be 0.00', 'is entered as'],
    seed: 2_076_287_850,
    edits: [
      {
        file: 'functions/credits/undo-entry.store.ts',
        find: 'documents: [undones.write(posting.accountId, sequence, undone, next)]',
        replace: 'documents: next ? [] : []',
      },
    ],
  },
  {
    name: 'a watermark is not raised',
    shows: ['was decided in', 'is decided after', 'failed and nothing was wrong'],
    seed: 8,
    edits: [
      {
        file: 'functions/usage/deduct-numbered.store.ts',
        find: 'const watermark: Watermark = { last: BigInt(last), isWaiting }',
        replace: 'const watermark: Watermark = { last: BigInt(standing.last), isWaiting }',
      },
    ],
  },
  {
    name: 'a missing number is passed over',
    shows: ['is decided after'],
    seed: 7,
    edits: [
      {
        file: 'functions/usage/place-numbered.ts',
        find: 'open[index]?.number === next ?',
        replace: 'open[index] ?',
      },
    ],
  },
  {
    name: 'a hold is captured again and again',
    shows: ['the hold was captured before', 'failed and nothing was wrong'],
    edits: [
      {
        file: 'functions/holds/settle-hold.store.ts',
        find: '`,\n      // However',
        replace: ':` + Math.random(),\n      // However',
      },
      {
        file: 'functions/holds/settle-hold.store.ts',
        find: 'documents: [holds.change(hold, decision.hold)]',
        replace: 'documents: []',
      },
    ],
  },
  {
    name: 'tiers are not counted',
    shows: ['micros, deducted, refused, reconciled are'],
    seed: 5,
    edits: [
      {
        file: 'functions/usage/decide-usage.ts',
        find: 'if (rating.countedQuantity > 0n)',
        replace: 'if (rating.countedQuantity < 0n)',
      },
    ],
  },
  {
    name: 'tiers go on counting in the next month',
    shows: ['micros, deducted, refused, reconciled are'],
    seed: 10,
    edits: [
      {
        file: 'functions/ledger/entry.ts',
        find: 'counter?.period === period ? counter.quantity',
        replace: 'counter ? counter.quantity',
      },
    ],
  },
  {
    name: 'an old event costs the newest price',
    shows: ['micros, deducted, refused, reconciled are'],
    seed: 6,
    edits: [
      {
        file: 'functions/prices/find-price.ts',
        find: 'candidate.effectiveFrom > at) continue',
        replace: '(candidate.effectiveFrom > at && candidate.version === 1)) continue',
      },
    ],
  },
  {
    name: 'the record of a session is charged again',
    shows: ['micros, deducted, refused, reconciled are'],
    seed: 7,
    edits: [
      {
        file: 'functions/usage/decide-usage.ts',
        find: 'if (hold) {',
        replace: "if (hold && hold.status === 'held') {",
      },
    ],
  },
  {
    name: 'a session is granted more than is held for it',
    shows: ['grants'],
    seed: 7,
    edits: [
      {
        file: 'functions/holds/decide-authorise.ts',
        find: 'costOf(granted))',
        replace: 'costOf(least))',
      },
    ],
  },
  {
    name: 'the provider is asked before the top-up is written down',
    shows: ['which is not written down'],
    edits: [
      {
        file: 'functions/top-up/start-top-up.store.ts',
        find: '(await topUps.create(await newTopUp(asked, topUpId, hash)))',
        replace: '(await newTopUp(asked, topUpId, hash))',
      },
    ],
  },
  {
    name: 'a refund is posted without its key',
    shows: ['nobody has asked for it'],
    edits: [
      {
        file: 'functions/refunds/begin-refund.store.ts',
        find: 'key: `top-up-refund:',
        replace: "key: 'top-up-refund:' + Math.random() + `",
      },
    ],
  },
  {
    name: 'a refund that fails is not given back',
    shows: ['settled, ', 'are left of it', 'refund.failed of'],
    edits: [
      {
        file: 'functions/refunds/refund.ts',
        find: "if (found.status === 'failed') return 'fail'",
        replace: "if (found.status === 'failed') return 'succeed'",
      },
    ],
  },
  {
    name: 'a dispute is taken each time that it is told of',
    shows: ['settled, '],
    seed: 5,
    edits: [
      {
        file: 'functions/disputes/dispute-entry.ts',
        find: "return keyOf('dispute', disputeId, takings + 1n)",
        replace: "return keyOf('dispute', disputeId, takings + 1n) + Math.random()",
      },
      {
        file: 'functions/disputes/dispute.store.ts',
        find: 'return Item && toDispute(Item)',
        replace: 'return Item && undefined',
      },
      {
        file: 'functions/disputes/dispute.store.ts',
        find: ', ...asRead(known?.revision)',
        replace: '',
      },
    ],
  },
  {
    name: 'what is owed is not paid first',
    shows: ['changes what is owed'],
    seed: 6,
    edits: [
      {
        file: 'functions/ledger/decide-payment.ts',
        find: '  if (refusal) return refusal\n  const owedMicros = smaller(amountMicros, head.receivableMicros)',
        replace: '  if (refusal) return refusal\n  const owedMicros = smaller(0n, head.receivableMicros)',
      },
    ],
  },
  {
    name: 'the cap of a month is not looked at',
    shows: ['are charged automatically in'],
    seed: 15,
    edits: [
      {
        file: 'functions/auto-top-up/decide-auto-top-up.ts',
        find: 'return document.chargedMicros + amountMicros > document.monthlyCapMicros',
        replace: 'return document.chargedMicros + amountMicros < 0n',
      },
    ],
  },
]
