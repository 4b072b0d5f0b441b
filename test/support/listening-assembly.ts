import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareAssembly } from '../../local/prepare.ts'
import type { LocalStack } from '../../local/stack.ts'

type Template = { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> }

const TEMPLATE = 'Drawdown.template.json'
/** A queue that nobody reads, whose messages keep no stack from coming to rest. */
const LISTENER = /^ProofProofQueueDeadLetters/

/** The synthesized stack with a rule on its bus besides, as an operator would put one there for systems of its own. */
export async function listeningAssembly(eventNames: string[]) {
  const assembly = await prepareAssembly()
  const folder = mkdtempSync(join(tmpdir(), 'drawdown-assembly-'))
  for (const name of readdirSync(assembly)) {
    if (name.startsWith('asset.')) symlinkSync(join(assembly, name), join(folder, name))
    else cpSync(join(assembly, name), join(folder, name), { recursive: true })
  }
  const template = JSON.parse(readFileSync(join(folder, TEMPLATE), 'utf8')) as Template
  const resources = Object.entries(template.Resources)
  const [, example] = resources.find(([, { Type }]) => Type === 'AWS::Events::Rule')!
  const [queueId] = resources.find(([id, { Type }]) => Type === 'AWS::SQS::Queue' && LISTENER.test(id))!
  template.Resources.OperatorsRule = {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventBusName: example.Properties.EventBusName,
      EventPattern: { source: ['drawdown'], 'detail-type': eventNames },
      State: 'ENABLED',
      Targets: [{ Id: 'Operator', Arn: { 'Fn::GetAtt': [queueId, 'Arn'] } }],
    },
  }
  writeFileSync(join(folder, TEMPLATE), JSON.stringify(template))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export type HeardEvent = { 'detail-type': string; detail: Record<string, unknown> & { id: string } }

/** The events that have come since this was asked last. */
export function heardEvents(stack: LocalStack): HeardEvent[] {
  const rule = stack.template.rules.find(({ name }) => name.includes('OperatorsRule'))!
  const queue = stack.template.queues.find(({ arn }) => arn === rule.targets[0]!.arn)!
  return stack.sqs.receive(queue.name, { maxMessages: 100 }).map((message) => {
    stack.sqs.delete(queue.name, message.receiptHandle)
    return JSON.parse(message.body) as HeardEvent
  })
}
