import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** The process that a test lets die. */
export class Died extends Error {}

const WRITES = new Set(['TransactWriteCommand', 'PutCommand', 'UpdateCommand', 'DeleteCommand'])

/** The real client in a process that dies just before or just after its nth write (counted from 1). */
export function dyingClient(
  client: DynamoDBDocumentClient,
  dies: { atWrite: number; when: 'before' | 'after' },
): DynamoDBDocumentClient {
  let writes = 0
  return new Proxy(client, {
    get(target, name) {
      if (name !== 'send') return Reflect.get(target, name)
      return async (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
        const isWrite = WRITES.has(command.constructor.name)
        if (isWrite) writes += 1
        const isFatal = isWrite && writes === dies.atWrite
        if (isFatal && dies.when === 'before') throw new Died()
        const reply = await target.send(command)
        if (isFatal) throw new Died()
        return reply
      }
    },
  })
}
