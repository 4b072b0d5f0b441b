import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** The real client with something in between: `around` sends the command when, how often and if it likes. */
export function interposedClient(
  client: DynamoDBDocumentClient,
  around: (command: unknown, send: () => Promise<unknown>) => Promise<unknown>,
): DynamoDBDocumentClient {
  return new Proxy(client, {
    get(target, name) {
      if (name !== 'send') return Reflect.get(target, name)
      return async (command: Parameters<DynamoDBDocumentClient['send']>[0]) =>
        around(command, () => target.send(command))
    },
  })
}
