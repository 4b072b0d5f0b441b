import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died } from '../plans/dying-client.ts'

/** A stream of numbers from 0 to 1 (mulberry32): the same seed gives the same ones. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * The real client on a bad day: throttles, conflicts, replies that are lost after the write was made, and a process that
 * dies before or after a call. So many faults, then none any more, so that what is sent again comes to an end.
 */
export function faultyClient(
  client: DynamoDBDocumentClient,
  options: { random: () => number; faults: number; share: number },
): DynamoDBDocumentClient {
  let left = options.faults
  return interposedClient(client, async (command, send) => {
    if (left === 0 || options.random() > options.share) return send()
    left -= 1
    switch (Math.floor(options.random() * 5)) {
      case 0:
        throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
      case 1:
        throw new Died()
      case 2:
        await send()
        throw new Died()
      case 3:
        await send()
        throw Object.assign(new Error('no reply came'), { name: 'TimeoutError' })
      default:
        if (command instanceof TransactWriteCommand) throw conflict()
        return send()
    }
  })
}

function conflict(): TransactionCanceledException {
  const CancellationReasons = [{ Code: 'TransactionConflict' }]
  return new TransactionCanceledException({ message: 'conflict', CancellationReasons, $metadata: {} })
}

/** A message on its way: `deliver` throws when it has to come again. */
export type SimulatedMessage = { deliver: (attempt: number) => Promise<void> }

const MOST_DELIVERIES = 60

/**
 * Delivers every message at least once, in any order, some twice, several at a time; what fails comes again later, after
 * others. Rejects when one never succeeds.
 */
export async function deliverAll(
  messages: readonly SimulatedMessage[],
  random: () => number,
  workers = 3,
): Promise<void> {
  const waiting = [...messages, ...messages.filter(() => random() < 0.4)].map((message) => ({
    message,
    attempt: 0,
  }))
  const work = async () => {
    while (waiting.length > 0) {
      const [next] = waiting.splice(Math.floor(random() * waiting.length), 1)
      try {
        await next!.message.deliver(next!.attempt)
      } catch (error) {
        if (next!.attempt >= MOST_DELIVERIES) throw error
        waiting.push({ ...next!, attempt: next!.attempt + 1 })
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
}
