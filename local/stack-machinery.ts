import { advanceClock, type Clock, type ClockMove, sleepThrough } from './clock.ts'
import { startEventSources } from './event-sources.ts'
import { type EventBridge, startEventBridge } from './eventbridge.ts'
import { functionEnvironment } from './function-environment.ts'
import { startGateway } from './gateway.ts'
import { idlenessOf, waitUntilIdle } from './idleness.ts'
import { createJwtAuthorizer } from './jwt-authorizer.ts'
import { type Lambda, startLambda } from './lambda.ts'
import { type LogFile, openLogFile } from './log-file.ts'
import { fetchMachineToken } from './machine-token.ts'
import { type LocalControls, localPages } from './pages.ts'
import { fetchPersonToken } from './person-token.ts'
import { type Scheduler, startScheduler } from './scheduler.ts'
import type { Services } from './stack-services.ts'
import { connectRules, deliverTo, firingPayload } from './stack-targets.ts'
import { type Streams, startStreams } from './streams.ts'
import type { LocalTemplate } from './template.ts'

export type MachineryOptions = {
  folder: string
  port?: number
  quiet?: boolean
  template: LocalTemplate
  clock: Clock
  services: Services
  /** Closes everything in the end, in reverse order. */
  starting: AsyncDisposableStack
}

export type Machinery = {
  apiUrl: string
  lambda: Lambda
  logFile: string
  controls: LocalControls
  sleepUntil(target: Date): Promise<void>
  waitUntilIdle(): Promise<void>
}

/** What is known only once it has started, while others that need it are there already. */
type Late = { apiUrl: string; eventBridgeUrl: string; streams?: Streams; scheduler?: Scheduler }

/** Starts what runs functions: the API first, so that they know its address, then everything that triggers them by itself. */
export async function startMachinery(options: MachineryOptions): Promise<Machinery> {
  const { folder, template, services, starting } = options
  const late: Late = { apiUrl: '', eventBridgeUrl: '' }
  const log = openLogFile(folder)
  const lambda = connectLambda(options, late, log)
  starting.defer(() => lambda.close())
  const rules = connectRules({ template, sqs: services.sqs, lambda })
  const eventBridge = await startEventBridge({
    folder,
    rules,
    buses: template.buses,
    region: template.region,
  })
  starting.defer(() => eventBridge.close())
  late.eventBridgeUrl = eventBridge.url
  services.ses.onMailEvent((event) => eventBridge.takeFromService({ source: 'aws.ses', ...event }))
  const { controls, untilIdle, sleepUntil } = makeControls(options, late, { lambda, eventBridge })
  const gateway = await startGateway({
    port: options.port ?? 4000,
    routes: template.routes,
    cors: template.cors,
    lambda,
    authorizer: localAuthorizer(services),
    answerLocally: localPages(controls),
  })
  starting.defer(() => gateway.close())
  late.apiUrl = gateway.url
  await startTriggers(options, late, lambda)
  services.stripe.setWebhookUrl(`${gateway.url}/v1/webhooks/stripe`)
  return { apiUrl: gateway.url, lambda, logFile: log.path, controls, sleepUntil, waitUntilIdle: untilIdle }
}

/** The template's audiences are Cognito's client ids; here the local issuer's clients take their place. */
function localAuthorizer({ issuer }: Services) {
  const { portal, staffMachine, usageMachine } = issuer.clients
  const audience = [portal.clientId, staffMachine.clientId, usageMachine.clientId]
  return createJwtAuthorizer({ issuer: issuer.url, audience })
}

function connectLambda(options: MachineryOptions, late: Late, log: LogFile): Lambda {
  const { folder, template, services } = options
  const lambda = startLambda({
    functions: template.functions,
    clockCell: options.clock.cell,
    environmentOf: (definition) =>
      functionEnvironment({ definition, template, folder, services: { ...services, ...late } }),
    log: log.write,
    onEnd: () => late.streams?.nudge(),
    onFailure: ({ name, path }, { error }) => {
      const { errorType, errorMessage, trace } = error
      log.write(name, [`${errorType}: ${errorMessage}`, ...trace].join('\n'))
      if (!options.quiet) console.error(`${path} failed: ${errorType}: ${errorMessage} (see ${log.path})`)
    },
    onAsynchronousFailure: (definition, eventJson, errorMessage) => {
      if (definition.onFailureArn === undefined) return
      const requestPayload: unknown = JSON.parse(eventJson)
      keepFailure(options, lambda, definition.onFailureArn, {
        requestPayload,
        errorMessage,
        functionArn: definition.arn,
      })
    },
  })
  return lambda
}

function keepFailure(
  { template, services }: MachineryOptions,
  lambda: Lambda,
  arn: string,
  message: unknown,
): void {
  const target = { arn, id: 'failure' }
  deliverTo(target, JSON.stringify(message), { template, sqs: services.sqs, lambda }).catch(console.error)
}

function makeControls(
  options: MachineryOptions,
  late: Late,
  parts: { lambda: Lambda; eventBridge: EventBridge },
) {
  const { template, clock } = options
  const { sqs, ses, stripe, issuer } = options.services
  const queueNames = template.queues.map((queue) => queue.name)
  const observed = {
    ...parts,
    sqs,
    stripe,
    queueNames,
    streams: () => late.streams,
    scheduler: () => late.scheduler,
  }
  const untilIdle = () => waitUntilIdle(observed)
  let moving: Promise<unknown> = Promise.resolve()

  /** One move after the other: two at once would each wait for what the other brings about. */
  function moveClock(moveTo: (move: ClockMove) => Promise<void>, target: Date): Promise<void> {
    const sources = late.scheduler === undefined ? [] : [late.scheduler]
    const move = moving.then(() => moveTo({ clock, target, sources, waitUntilIdle: untilIdle }))
    moving = move.catch(() => undefined)
    return move
  }

  const controls: LocalControls = {
    apiUrl: () => late.apiUrl,
    issuerUrl: issuer.url,
    stripeUrl: stripe.url,
    ses,
    sqs,
    queueNames,
    clock,
    advanceTo: (target) => moveClock(advanceClock, target),
    idleness: () => idlenessOf(observed),
    staffToken: () => fetchMachineToken({ issuerUrl: issuer.url, ...issuer.clients.staffMachine }),
    usageToken: () => fetchMachineToken({ issuerUrl: issuer.url, ...issuer.clients.usageMachine }),
    personToken: (email) =>
      fetchPersonToken({ issuerUrl: issuer.url, email, redirectUri: `${late.apiUrl}/top-up` }),
  }
  return { controls, untilIdle, sleepUntil: (target: Date) => moveClock(sleepThrough, target) }
}

async function startTriggers(options: MachineryOptions, late: Late, lambda: Lambda): Promise<void> {
  const { folder, template, clock, services } = options
  const { sqs, stripe, databaseUrl } = services
  const { region } = template
  const streams = await startStreams({
    mappings: template.streamMappings,
    databaseUrl,
    folder,
    lambda,
    region,
    sendFailure: (arn, message) => keepFailure(options, lambda, arn, message),
  })
  const sources = startEventSources({ mappings: template.queueMappings, sqs, lambda, region })
  const scheduler = startScheduler({
    schedules: template.schedules,
    folder,
    fire: (schedule, at) =>
      deliverTo(schedule.target, firingPayload(schedule, at, template), { template, sqs, lambda }),
  })
  Object.assign(late, { streams, scheduler })
  // A function that hangs must not keep the stack from stopping: what it had is delivered again at the next start.
  options.starting.defer(() =>
    atMost(5000, Promise.all([scheduler.close(), sources.close(), streams.close()])),
  )
  clock.onMove(() => {
    sqs.clockMoved()
    scheduler.clockMoved()
    stripe.settleDue()
  })
  scheduler.start()
}

async function atMost(millis: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, millis)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
