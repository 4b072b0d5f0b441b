import { join } from 'node:path'
import { advanceClock, type Clock, startClock } from './clock.ts'
import { createMissingTables, startDynamoDb } from './dynamodb.ts'
import { startEventSources } from './event-sources.ts'
import { type EventBridge, startEventBridge } from './eventbridge.ts'
import { functionEnvironment } from './function-environment.ts'
import { startGateway } from './gateway.ts'
import { idlenessOf, waitUntilIdle } from './idleness.ts'
import { type RunningIssuer, startIssuer } from './issuer.ts'
import { createJwtAuthorizer } from './jwt-authorizer.ts'
import { type Lambda, startLambda } from './lambda.ts'
import { lockFolder } from './lock.ts'
import { openLogFile } from './log-file.ts'
import { fetchMachineToken } from './machine-token.ts'
import { localPages } from './pages.ts'
import { fetchPersonToken } from './person-token.ts'
import { prepareAssembly } from './prepare.ts'
import { type S3, startS3 } from './s3.ts'
import { type Scheduler, startScheduler } from './scheduler.ts'
import { type SecretsManager, startSecretsManager } from './secrets-manager.ts'
import { type Ses, startSes } from './ses.ts'
import { type Sqs, startSqs } from './sqs.ts'
import { keepPorts, onUsualPort, readPorts, stripeKeysIn } from './stack-files.ts'
import { connectRules, declareQueues, deliverTo, firingPayload } from './stack-targets.ts'
import { type Streams, startStreams } from './streams.ts'
import { type DeliveryDisorder, type RunningStripe, startStripe } from './stripe.ts'
import { type LocalTemplate, readTemplate } from './template.ts'
import { realNowMillis } from './virtual-date.ts'

export type LocalStackOptions = {
  /** Everything is kept here; a stack started on the same folder goes on where the last one stopped. */
  folder: string
  /** Of the API; 0 takes a free one. 4000 unless told otherwise. */
  port?: number
  /** What time it is when the folder is new; the real time unless told otherwise. */
  startAt?: Date | string
  /** Says nothing on the terminal. */
  quiet?: boolean
  /** How the Stripe stand-in delivers its webhooks, for tests of disorder. */
  webhooks?: DeliveryDisorder
  /** A synthesized CDK app; the project's own, synthesized when needed, unless told otherwise. */
  assemblyFolder?: string
  log?(line: string): void
}

export type LocalStack = {
  apiUrl: string
  issuerUrl: string
  databaseUrl: string
  template: LocalTemplate
  inbox: Pick<Ses, 'list' | 'read'>
  clock: {
    now(): Date
    /** Moves time forward; everything due in between happens in order and is done when this resolves. */
    advanceTo(instant: Date | string): Promise<void>
  }
  /** Resolves when nothing runs or waits any more. */
  waitUntilIdle(): Promise<void>
  staffToken(): Promise<string>
  usageToken(): Promise<string>
  personToken(email: string): Promise<string>
  stripe: RunningStripe
  sqs: Sqs
  lambda: Pick<Lambda, 'invoke' | 'instances' | 'running'>
  logFile: string
  /** Stops everything; resolves when all ports and the folder are free. */
  close(): Promise<void>
}

type Services = {
  databaseUrl: string
  sqs: Sqs
  s3: S3
  ses: Ses
  secrets: SecretsManager
  issuer: RunningIssuer
  stripe: RunningStripe
}

/**
 * Starts the synthesized stack on this machine: its functions, routes, queues, schedules and tables, over stand-ins for the AWS
 * services, all under one folder. Throws `FolderInUseError` when another process has the folder. While it runs, `Date` in this
 * process is the stack's, so a process has one stack at a time.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  await using starting = new AsyncDisposableStack()
  const say = options.log ?? (options.quiet ? () => undefined : (line: string) => console.log(line))
  const assembly = options.assemblyFolder ?? (await prepareAssembly(say))
  const template = readTemplate(assembly)
  const lock = lockFolder(options.folder)
  starting.defer(() => lock.release())
  const clock = startClock({ folder: options.folder, startAt: options.startAt })
  starting.defer(() => clock.close())
  const services = await startServices(options, template, starting)
  const machinery = await startMachinery(options, template, clock, services, starting)
  lock.announce(machinery.apiUrl)
  const running = starting.move()
  const { ses, issuer, stripe, sqs, databaseUrl } = services
  const { apiUrl, lambda, logFile, controls } = machinery
  return {
    apiUrl,
    issuerUrl: issuer.url,
    databaseUrl,
    template,
    inbox: ses,
    clock: {
      now: clock.now,
      advanceTo: async (instant) => {
        const target = new Date(instant)
        if (Number.isNaN(target.getTime())) throw new RangeError(`not an instant: ${String(instant)}`)
        await controls.advanceTo(target)
      },
    },
    waitUntilIdle: machinery.waitUntilIdle,
    staffToken: controls.staffToken,
    usageToken: controls.usageToken,
    personToken: controls.personToken,
    stripe,
    sqs,
    lambda,
    logFile,
    // Closing twice is closing once.
    close: () => running.disposeAsync(),
  }
}

async function startServices(
  options: LocalStackOptions,
  template: LocalTemplate,
  starting: AsyncDisposableStack,
): Promise<Services> {
  const { folder } = options
  const closing = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    starting.defer(() => part.close())
    return part
  }
  const database = closing(await startDynamoDb({ folder }))
  await createMissingTables(database.url, template.tables)
  const sqs = closing(
    await startSqs({ folder, queues: declareQueues(template), region: template.region, now: realNowMillis }),
  )
  const s3 = closing(await startS3({ folder: join(folder, 'files'), buckets: template.buckets }))
  const senders = [...template.functions.values()].map(({ environment }) => environment.SENDER_ADDRESS)
  const verifiedIdentities = [
    ...template.mailIdentities,
    ...senders.filter((address) => address !== undefined),
  ]
  const ses = closing(
    await startSes({ folder: join(folder, 'mailbox'), verifiedIdentities, inboxPath: '/local/inbox' }),
  )
  const keys = stripeKeysIn(folder)
  const secrets = closing(await startSecretsManager({ secrets: secretsOf(template, JSON.stringify(keys)) }))
  const ports = readPorts(folder)
  const issuer = closing(await onUsualPort(ports.issuer, (port) => startIssuer({ port, folder })))
  const stripe = closing(
    await onUsualPort(ports.stripe, (port) =>
      startStripe({ port, folder, ...keys, delivery: options.webhooks }),
    ),
  )
  keepPorts(folder, { issuer: Number(new URL(issuer.url).port), stripe: Number(new URL(stripe.url).port) })
  return { databaseUrl: database.url, sqs, s3, ses, secrets, issuer, stripe }
}

/** The Stripe keys under the name that the functions look for; every other secret of the template is empty here. */
function secretsOf(template: LocalTemplate, stripeKeys: string): Record<string, string> {
  const others = template.secrets.map(({ name }) => [name, '{}'] as const)
  const stripe = [...template.functions.values()].flatMap(({ environment }) =>
    environment.STRIPE_SECRET_NAME === undefined
      ? []
      : [[environment.STRIPE_SECRET_NAME, stripeKeys] as const],
  )
  return Object.fromEntries([...others, ...stripe])
}

async function startMachinery(
  options: LocalStackOptions,
  template: LocalTemplate,
  clock: Clock,
  services: Services,
  starting: AsyncDisposableStack,
) {
  const { folder } = options
  const { sqs, stripe, issuer, ses, databaseUrl } = services
  const addresses = { apiUrl: '', eventBridgeUrl: '' }
  let streams: Streams | undefined
  let scheduler: Scheduler | undefined
  const log = openLogFile(folder)
  const sendToQueue = (arn: string, body: string) =>
    deliverTo({ arn, id: 'failure' }, body, { template, sqs, lambda })
  const lambda = startLambda({
    functions: template.functions,
    clockCell: clock.cell,
    environmentOf: (definition) =>
      functionEnvironment({ definition, template, folder, services: { ...services, ...addresses } }),
    log: log.write,
    onEnd: () => streams?.nudge(),
    onFailure: (definition, { error }) => {
      log.write(definition.name, [`${error.errorType}: ${error.errorMessage}`, ...error.trace].join('\n'))
      if (!options.quiet)
        console.error(
          `${definition.path} failed: ${error.errorType}: ${error.errorMessage} (see ${log.path})`,
        )
    },
    onAsynchronousFailure: (definition, eventJson, errorMessage) => {
      if (definition.onFailureArn === undefined) return
      const body = {
        requestPayload: JSON.parse(eventJson) as unknown,
        errorMessage,
        functionArn: definition.arn,
      }
      void sendToQueue(definition.onFailureArn, JSON.stringify(body))
    },
  })
  starting.defer(() => lambda.close())
  const destinations = { template, sqs, lambda }
  const eventBridge: EventBridge = await startEventBridge({
    folder,
    rules: connectRules(destinations),
    buses: template.buses,
    region: template.region,
  })
  starting.defer(() => eventBridge.close())
  addresses.eventBridgeUrl = eventBridge.url

  const queueNames = template.queues.map((queue) => queue.name)
  const parts = {
    lambda,
    sqs,
    queueNames,
    eventBridge,
    stripe,
    streams: () => streams,
    scheduler: () => scheduler,
  }
  const untilIdle = () => waitUntilIdle(parts)
  let moving = Promise.resolve()
  const { staffMachine, usageMachine } = issuer.clients
  const controls = {
    apiUrl: () => addresses.apiUrl,
    issuerUrl: issuer.url,
    stripeUrl: stripe.url,
    ses,
    sqs,
    queueNames,
    clock,
    advanceTo(target: Date): Promise<void> {
      // One move after the other: two at once would each wait for what the other brings about.
      const move = moving.then(() =>
        advanceClock({
          clock,
          target,
          sources: scheduler === undefined ? [] : [scheduler],
          waitUntilIdle: untilIdle,
        }),
      )
      moving = move.catch(() => undefined)
      return move
    },
    idleness: () => idlenessOf(parts),
    staffToken: () => fetchMachineToken({ issuerUrl: issuer.url, ...staffMachine }),
    usageToken: () => fetchMachineToken({ issuerUrl: issuer.url, ...usageMachine }),
    personToken: (email: string) =>
      fetchPersonToken({ issuerUrl: issuer.url, email, redirectUri: `${addresses.apiUrl}/top-up` }),
  }

  const audience = [issuer.clients.portal.clientId, staffMachine.clientId, usageMachine.clientId]
  const gateway = await startGateway({
    port: options.port ?? 4000,
    routes: template.routes,
    cors: template.cors,
    lambda,
    authorizer: createJwtAuthorizer({ issuer: issuer.url, audience }),
    answerLocally: localPages(controls),
  })
  starting.defer(() => gateway.close())
  addresses.apiUrl = gateway.url

  streams = await startStreams({
    mappings: template.streamMappings,
    databaseUrl,
    folder,
    lambda,
    region: template.region,
    sendFailure: (arn, message) => void sendToQueue(arn, JSON.stringify(message)),
  })
  const followed = streams
  const sources = startEventSources({
    mappings: template.queueMappings,
    sqs,
    lambda,
    region: template.region,
  })
  const fire = (schedule: LocalTemplate['schedules'][number], at: Date) =>
    deliverTo(schedule.target, firingPayload(schedule, at, template), destinations)
  const started = startScheduler({ schedules: template.schedules, folder, fire })
  scheduler = started
  // A function that hangs must not keep the stack from stopping: what it had is delivered again at the next start.
  starting.defer(() => atMost(5000, Promise.all([started.close(), sources.close(), followed.close()])))
  clock.onMove(() => {
    sqs.clockMoved()
    started.clockMoved()
    stripe.expireSessions()
  })
  started.start()
  stripe.setWebhookUrl(`${gateway.url}/v1/webhooks/stripe`)
  return { apiUrl: gateway.url, lambda, logFile: log.path, controls, waitUntilIdle: untilIdle }
}

async function atMost(millis: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, millis)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
