import { startClock } from './clock.ts'
import type { Lambda } from './lambda.ts'
import { lockFolder } from './lock.ts'
import { prepareAssembly } from './prepare.ts'
import type { Ses } from './ses.ts'
import type { Sqs } from './sqs.ts'
import { startMachinery } from './stack-machinery.ts'
import { startServices } from './stack-services.ts'
import type { DeliveryDisorder, RunningStripe } from './stripe.ts'
import { type LocalTemplate, readTemplate } from './template.ts'

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
    /**
     * Moves time forward as if nothing had run meanwhile; what was due happens late, of a schedule the last day's firings alone.
     * Much faster over days on which nothing is to happen.
     */
    sleepUntil(instant: Date | string): Promise<void>
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
  const machinery = await startMachinery({ ...options, template, clock, services, starting })
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
      advanceTo: async (instant) => controls.advanceTo(readInstant(instant)),
      sleepUntil: async (instant) => machinery.sleepUntil(readInstant(instant)),
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

function readInstant(instant: Date | string): Date {
  const target = new Date(instant)
  if (Number.isNaN(target.getTime())) throw new RangeError(`not an instant: ${String(instant)}`)
  return target
}
