import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Duration, Stack } from 'aws-cdk-lib'
import { HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { AttributeType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { EventBus, Rule } from 'aws-cdk-lib/aws-events'
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Code,
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  Function as Lambda,
  Runtime,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda'
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources'
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { handlers } from './small-app-handlers.ts'

export type SmallApp = {
  assemblyFolder: string
  /** A fresh folder for a stack's data. */
  dataFolder(): string
  /** What the functions wrote down, one JSON value per line, in order. */
  journal(): JournalLine[]
  /** Puts a word where the functions look for it: they behave accordingly from then on. */
  tell(word: string): void
  untell(word: string): void
  remove(): void
}
export type JournalLine = { what: string } & Record<string, unknown>

/** A whole little CDK app with one of everything that the local stack runs. */
export function makeSmallApp(): SmallApp {
  const folder = mkdtempSync(join(tmpdir(), 'small-app-'))
  const journalFile = join(folder, 'journal')
  const words = join(folder, 'words')
  mkdirSync(words)
  writeFileSync(journalFile, '')
  for (const [name, source] of Object.entries(handlers)) {
    mkdirSync(join(folder, 'functions', name), { recursive: true })
    writeFileSync(join(folder, 'functions', name, 'index.mjs'), source)
  }
  const app = new App({ outdir: join(folder, 'cdk.out'), analyticsReporting: false })
  defineStacks(app, join(folder, 'functions'), { JOURNAL: journalFile, WORDS: words })
  const assemblyFolder = app.synth().directory
  let dataFolders = 0
  return {
    assemblyFolder,
    dataFolder: () => {
      dataFolders += 1
      return join(folder, `data-${dataFolders}`)
    },
    journal: () =>
      readFileSync(journalFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as JournalLine),
    tell: (word) => appendFileSync(join(words, word), ''),
    untell: (word) => rmSync(join(words, word), { force: true }),
    remove: () => existsSync(folder) && rmSync(folder, { recursive: true }),
  }
}

function defineStacks(app: App, code: string, environment: Record<string, string>): void {
  const data = new Stack(app, 'SmallData')
  const stack = new Stack(app, 'Small')
  const table = new TableV2(data, 'Things', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    dynamoStream: StreamViewType.NEW_IMAGE,
  })
  const makeFunction = (name: string, timeout = Duration.seconds(10)) =>
    new Lambda(stack, name, {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromAsset(join(code, name)),
      timeout,
      environment,
    })
  const api = makeFunction('api', Duration.seconds(3))
  const deadTasks = new Queue(stack, 'DeadTasks', { fifo: true })
  const tasks = new Queue(stack, 'Tasks', {
    fifo: true,
    visibilityTimeout: Duration.seconds(60),
    deadLetterQueue: { queue: deadTasks, maxReceiveCount: 3 },
  })
  const work = makeFunction('work')
  new EventSourceMapping(stack, 'Work', {
    target: work,
    eventSourceArn: tasks.queueArn,
    batchSize: 10,
    reportBatchItemFailures: true,
  })
  const heard = new Queue(stack, 'Heard')
  const hear = makeFunction('hear')
  new EventSourceMapping(stack, 'Hear', { target: hear, eventSourceArn: heard.queueArn, batchSize: 10 })
  const bus = new EventBus(stack, 'Bus')
  new Rule(stack, 'ThingsToHeard', {
    eventBus: bus,
    eventPattern: { source: ['small'], detailType: ['thing.made'] },
    targets: [new SqsQueue(heard)],
  })
  const follow = makeFunction('follow')
  const lostThings = new Queue(stack, 'LostThings')
  new EventSourceMapping(stack, 'Follow', {
    target: follow,
    eventSourceArn: table.tableStreamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 10,
    bisectBatchOnError: true,
    retryAttempts: 2,
    reportBatchItemFailures: true,
    onFailure: new SqsDlq(lostThings),
    filters: [
      FilterCriteria.filter({
        eventName: FilterRule.isEqual('INSERT'),
        dynamodb: { NewImage: { sk: { S: FilterRule.beginsWith('THING#') } } },
      }),
    ],
  })
  const tick = makeFunction('tick')
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') })
  role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [tick.functionArn] }))
  for (const [name, expression] of [
    ['EveryHour', 'cron(0 * * * ? *)'],
    ['EveryDay', 'cron(30 6 * * ? *)'],
  ] as const) {
    new CfnSchedule(stack, name, {
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: tick.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify({ name, at: '<aws.scheduler.scheduled-time>' }),
      },
    })
  }
  api.addEnvironment('TASKS_URL', tasks.queueUrl)
  api.addEnvironment('TABLE', table.tableName)
  follow.addEnvironment('BUS', bus.eventBusName)
  addRoutes(stack, api)
}

function addRoutes(stack: Stack, api: Lambda): void {
  const integration = new HttpLambdaIntegration('Integration', api)
  const gateway = new HttpApi(stack, 'Api', {
    defaultAuthorizer: new HttpJwtAuthorizer('Tokens', 'https://issuer.example.com', {
      jwtAudience: ['someone'],
    }),
  })
  const open = { authorizer: new HttpNoneAuthorizer() }
  const add = (method: HttpMethod, path: string, isOpen = true) =>
    gateway.addRoutes({ path, methods: [method], integration, ...(isOpen ? open : {}) })
  add(HttpMethod.GET, '/things/{id}')
  add(HttpMethod.POST, '/things/{id}')
  add(HttpMethod.POST, '/tasks')
  add(HttpMethod.POST, '/behave')
  add(HttpMethod.GET, '/guarded', false)
}
