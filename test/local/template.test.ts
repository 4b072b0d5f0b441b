import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, CfnResource, Stack } from 'aws-cdk-lib'
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readTemplate } from '../../local/template.ts'
import { makeSmallApp, type SmallApp } from './small-app.ts'

let app: SmallApp
const folders: string[] = []
beforeAll(() => {
  app = makeSmallApp()
})
afterAll(() => app.remove())
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

test('everything that runs is found, with references between stacks resolved', () => {
  const template = readTemplate(app.assemblyFolder)
  expect(template.routes.map((route) => [route.routeKey, route.authorizer !== undefined])).toEqual([
    ['GET /things/{id}', false],
    ['POST /things/{id}', false],
    ['POST /tasks', false],
    ['POST /behave', false],
    ['GET /guarded', true],
  ])
  expect(template.queueMappings).toHaveLength(2)
  expect(template.schedules.map((schedule) => schedule.expression)).toEqual([
    'cron(0 * * * ? *)',
    'cron(30 6 * * ? *)',
  ])
  const [stream] = template.streamMappings
  expect(stream).toMatchObject({
    tableName: template.tables[0]!.name,
    bisectBatchOnError: true,
    maximumRetryAttempts: 2,
  })
  expect(template.queues.find((queue) => queue.redrive !== undefined)).toMatchObject({
    fifo: true,
    redrive: { maxReceiveCount: 3 },
  })
  const api = [...template.functions.values()].find((definition) => definition.name.startsWith('Small-api'))
  expect(api).toMatchObject({ handler: 'index.handler', timeoutSeconds: 3 })
  expect(api?.environment.TABLE).toBe(template.tables[0]!.name)
  expect(api?.environment.TASKS_URL).toMatch(/^https:\/\/sqs\..*\.fifo$/)
})

function appWith(define: (stack: Stack, lambda: Lambda) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'template-'))
  folders.push(folder)
  const unknown = new App({ outdir: folder, analyticsReporting: false })
  const stack = new Stack(unknown, 'Unknown')
  const code = Code.fromInline('exports.handler = () => {}')
  define(stack, new Lambda(stack, 'Job', { runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code }))
  return unknown.synth().directory
}

test('a trigger that cannot run here is an error that names it', () => {
  const assembly = appWith((stack, lambda) => {
    new CfnResource(stack, 'Subscription', {
      type: 'AWS::SNS::Subscription',
      properties: { Endpoint: lambda.functionArn, Protocol: 'lambda' },
    })
  })
  expect(() => readTemplate(assembly)).toThrow(/Unknown\/Subscription .*AWS::SNS::Subscription/)
})

test('an event source that cannot run here is an error that names it', () => {
  const assembly = appWith((stack, lambda) => {
    lambda.addEventSourceMapping('Kinesis', {
      eventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
      batchSize: 1,
    })
    void stack
  })
  expect(() => readTemplate(assembly)).toThrow(/Unknown\/JobKinesis.*kinesis/)
})

test('an attribute that is not known here is an error that names who asks for it', () => {
  const assembly = appWith((stack, lambda) => {
    const strange = new CfnResource(stack, 'Strange', { type: 'AWS::Strange::Thing' })
    lambda.addEnvironment('WHAT', strange.getAtt('Weight').toString())
  })
  expect(() => readTemplate(assembly)).toThrow(/Unknown\/Job.*Weight of AWS::Strange::Thing/)
})
