import { fileURLToPath } from 'node:url'

// The functions of the small app, as they lie in their bundles. They find the AWS SDK in the project's own packages.
const project = JSON.stringify(fileURLToPath(new URL('../../package.json', import.meta.url)))
const common = `
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createRequire } from 'node:module'
const require = createRequire(${project})
const write = (line) => appendFileSync(process.env.JOURNAL, JSON.stringify(line) + '\\n')
const told = (word) => existsSync(join(process.env.WORDS, word))
const until = async (word) => { while (!told(word)) await new Promise((resolve) => setTimeout(resolve, 5)) }
`

/** Sources by the name of the function. */
export const handlers: Record<string, string> = {
  api: `${common}
const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb')
const { SQSClient, SendMessageBatchCommand } = require('@aws-sdk/client-sqs')
const database = new DynamoDBClient({})
const queues = new SQSClient({})
const reply = (statusCode, value) => ({ statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) })
const behave = {
  crash: () => { throw new Error('as asked') },
  exit: () => process.exit(3),
  hang: () => new Promise(() => setInterval(() => {}, 1000)),
  spin: () => { for (;;); },
  reject: async () => { Promise.reject(new Error('nobody awaits me')); await new Promise(() => {}) },
  bare: () => ({ plain: true }),
  cookies: () => ({ statusCode: 200, cookies: ['a=1', 'b=2'], body: Buffer.from([0, 255]).toString('base64'), isBase64Encoded: true }),
  environment: () => reply(200, process.env),
  time: () => reply(200, { now: new Date().toISOString(), millis: Date.now(), constructed: new Date(0).toISOString(), isDate: new Date() instanceof Date }),
}
export const handler = async (event, context) => {
  const body = event.body ? (event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body) : undefined
  if (event.routeKey === 'POST /behave') return behave[body]()
  if (event.routeKey === 'POST /tasks') {
    const tasks = JSON.parse(body)
    await queues.send(new SendMessageBatchCommand({ QueueUrl: process.env.TASKS_URL, Entries: tasks.map(({ group, text }, index) => (
      { Id: String(index), MessageBody: text, MessageGroupId: group, MessageDeduplicationId: group + text })) }))
    return reply(202, { taken: tasks.length })
  }
  if (event.routeKey === 'POST /things/{id}') {
    await database.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: 'ACCOUNT#1' }, sk: { S: event.pathParameters.id } } }))
    return reply(201, {})
  }
  return reply(200, { event, requestId: context.awsRequestId, function: context.functionName, remaining: context.getRemainingTimeInMillis() })
}
`,
  work: `${common}
export const handler = async (event) => {
  const failures = []
  const failedGroups = new Set()
  for (const record of event.Records) {
    const group = record.attributes.MessageGroupId
    if (failedGroups.has(group)) { failures.push({ itemIdentifier: record.messageId }); continue }
    write({ what: 'begin', group, text: record.body })
    if (record.body.startsWith('wait')) await until('go-' + group)
    if (record.body.startsWith('fail') && !told('mended')) { failedGroups.add(group); failures.push({ itemIdentifier: record.messageId }) }
    write({ what: 'end', group, text: record.body })
  }
  return { batchItemFailures: failures }
}
`,
  hear: `${common}
export const handler = async (event) => {
  for (const record of event.Records) {
    const { detail } = JSON.parse(record.body)
    write({ what: 'heard', thing: detail.thing, at: new Date().toISOString() })
  }
}
`,
  follow: `${common}
const { EventBridgeClient, PutEventsCommand } = require('@aws-sdk/client-eventbridge')
const bus = new EventBridgeClient({})
export const handler = async (event) => {
  const things = event.Records.map((record) => record.dynamodb.NewImage.sk.S)
  write({ what: 'follow', things })
  if (told('stream-waits')) await until('stream-goes')
  if (things.some((thing) => thing.includes('poison'))) throw new Error('poison')
  const bad = event.Records.find((record) => record.dynamodb.NewImage.sk.S.includes('bad') && !told('mended'))
  for (const thing of things) {
    if (bad && thing === bad.dynamodb.NewImage.sk.S) break
    await bus.send(new PutEventsCommand({ Entries: [{ EventBusName: process.env.BUS, Source: 'small', DetailType: 'thing.made', Detail: JSON.stringify({ thing }) }] }))
    write({ what: 'published', thing })
  }
  return { batchItemFailures: bad ? [{ itemIdentifier: bad.dynamodb.SequenceNumber }] : [] }
}
`,
  tick: `${common}
export const handler = async (event) => {
  if (told('tick-waits')) await until('tick-goes')
  write({ what: 'tick', name: event.name, at: event.at, now: new Date().toISOString() })
}
`,
}
