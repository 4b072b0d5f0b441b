import {
  DynamoDBClient,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { documentClient } from '../functions/edge/dynamodb.ts'
import { credit, debit } from '../functions/ledger/decide-movement.ts'
import { createLedger, type Ledger } from '../functions/ledger/ledger.store.ts'
import { accountKey, HEAD_KEY } from '../functions/ledger/ledger-keys.ts'
import { median, type Tell } from './figure.ts'
import type { Machine } from './machine.ts'

const ROUNDS = 40
const POSTINGS_PER_ROUND = 60
const WARM_UP_ROUNDS = 5
const AT = '2026-11-23T12:00:00.000Z'
const [POSTED, REPEATED] = ['acc_bench_posted', 'acc_bench_repeat']

const movement = { currency: 'USD', actor: 'machine:switch-berlin' }
const raise = {
  ...movement,
  kind: 'credit',
  contra: 'credit:migration',
  reason: 'Credit from the old system',
  detail: {},
  amountMicros: 10n ** 15n,
} as const
const use = {
  ...movement,
  kind: 'charge',
  contra: 'revenue:charge',
  reason: 'voice.call: 83 s',
  detail: { service: 'voice.call', time: AT },
  amountMicros: 12_345n,
} as const

/**
 * Postings per second on one account, beside the same transactions sent by the bare client: what each posting wrote is
 * written once more, item by item and condition by condition, under another account's name. Both take turns, so that a
 * noisy machine and growing tables hit both alike.
 */
export async function measurePostingSpeed({ database }: Machine, tell: Tell): Promise<void> {
  const clientOptions = {
    endpoint: database.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: database.accessKeyId, secretAccessKey: 'local' },
  }
  const bare = new DynamoDBClient(clientOptions)
  const observed = new DynamoDBClient(clientOptions)
  const sent = recordTransactions(observed)
  const ledger = createLedger({ ...database, client: documentClient(observed) })
  await openTwins(ledger, database)
  sent.length = 0

  const rounds: Round[] = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const times: Round = { postedMilliseconds: 0, repeatedMilliseconds: 0 }
    for (let posting = 0; posting < POSTINGS_PER_ROUND; posting++) {
      times.postedMilliseconds += await millisecondsOf(() => postOne(ledger))
      const repeat = new TransactWriteItemsCommand(underOtherName(sent.pop()!))
      times.repeatedMilliseconds += await millisecondsOf(() => bare.send(repeat))
    }
    if (round >= WARM_UP_ROUNDS) rounds.push(times)
  }
  bare.destroy()
  observed.destroy()

  const perSecond = (milliseconds: number) => Math.round((POSTINGS_PER_ROUND * 1000) / milliseconds)
  const posted = perSecond(median(rounds.map(({ postedMilliseconds }) => postedMilliseconds)))
  const raw = perSecond(median(rounds.map(({ repeatedMilliseconds }) => repeatedMilliseconds)))
  const ratios = rounds.map(
    ({ postedMilliseconds, repeatedMilliseconds }) => repeatedMilliseconds / postedMilliseconds,
  )
  tell({
    name: 'postings per second on one account over raw two-item transactions per second',
    value: median(ratios),
    unit: 'ratio',
    goal: { atLeast: 0.9 },
    how: `One writer, one after another: ledger.post of a debit (HEAD and entry) ${posted} a second, the very same two items with the same conditions by the bare SDK client ${raw} a second. They take turns posting by posting; the median over ${ROUNDS} rounds of ${POSTINGS_PER_ROUND} of each (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}).`,
  })
}

type Round = { postedMilliseconds: number; repeatedMilliseconds: number }

async function millisecondsOf(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await run()
  return performance.now() - begun
}

/** Every transaction that goes out through the client, in the form in which it goes out. */
function recordTransactions(client: DynamoDBClient): TransactWriteItemsCommandInput[] {
  const sent: TransactWriteItemsCommandInput[] = []
  client.middlewareStack.add(
    (next, context) => (step) => {
      if (context.commandName === 'TransactWriteItemsCommand') sent.push(step.input as never)
      return next(step)
    },
    { step: 'build' },
  )
  return sent
}

/** Two accounts in the same state but for their names. */
async function openTwins(ledger: Ledger, database: Machine['database']): Promise<void> {
  const { client, ledgerTable } = database
  await client.send(new TransactWriteCommand({ TransactItems: [ledger.openingOf(POSTED!, 'USD')] }))
  await ledger.post({ accountId: POSTED!, at: AT, decide: (head) => credit(head, raise) })
  const Key = { pk: accountKey(POSTED!), sk: HEAD_KEY }
  const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
  const twin = { ...Item, pk: accountKey(REPEATED!), accountId: REPEATED }
  await client.send(new PutCommand({ TableName: ledgerTable, Item: twin }))
}

async function postOne(ledger: Ledger): Promise<void> {
  const posted = await ledger.post({ accountId: POSTED!, at: AT, decide: (head) => debit(head, use) })
  if (!posted.ok) throw new Error(`a posting was refused: ${posted.reason}`)
}

function underOtherName(input: TransactWriteItemsCommandInput): TransactWriteItemsCommandInput {
  return JSON.parse(JSON.stringify(input).replaceAll(POSTED!, REPEATED!))
}
