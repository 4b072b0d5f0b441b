import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { FolderInUseError } from './lock.ts'
import { type SampleProgress, sampleProgress } from './sample-progress.ts'
import { type LocalStack, type LocalStackOptions, startLocalStack } from './stack.ts'

const help = `Usage: npm start -- [options]

Runs the whole of Drawdown on this machine. The first start plays a sample month; later ones go on where the last stopped.

  --port N       the API's port (default 4000; 0 takes a free one)
  --folder F     where everything is kept (default .drawdown)
  --no-sample    start empty, without the sample month
  --assembly F   run this synthesized CDK app instead of the project's own
  --help         this text

DYNAMODB_ENDPOINT names a DynamoDB Local for platforms other than linux-x64.
`

type Arguments = { port: number; folder: string; sample: boolean; assemblyFolder?: string }

process.env.TZ = 'UTC'
process.exitCode = await main()

async function main(): Promise<number> {
  const options = readArguments()
  if (typeof options === 'number') return options
  const { folder, port, assemblyFolder } = options
  const progress = sampleProgress(folder)
  try {
    // Loaded for a first start alone: it would make every other one slower.
    const sample = options.sample && progress.isDue() ? await import('../cli/sample-month.ts') : undefined
    if (sample !== undefined) progress.plan()
    const present = new Date()
    console.log('Starting Drawdown …')
    const startAt = sample?.sampleMonthBegins(present)
    await using stack = await stackThatCloses({ folder, port, startAt, assemblyFolder })
    const stopped = untilAskedToStop()
    const ready = sample === undefined ? Promise.resolve() : playSample(sample, stack, progress, present)
    let isStopping = false
    // What a month that is cut off says of the stack that goes away below it is no news.
    const complain = (error: unknown) => isStopping || console.error(explain(error, port))
    void ready.catch(complain).then(() => isStopping || sayWhereThingsAre(stack, folder, progress))
    await stopped
    isStopping = true
    console.log('Stopping …')
    // What a broken connection or a thread that does not end keeps alive must not keep the terminal.
    await stack.close().finally(() => setTimeout(() => process.exit(), 1000).unref())
    return 0
  } catch (error) {
    console.error(explain(error, port))
    return 1
  }
}

async function stackThatCloses(options: LocalStackOptions): Promise<LocalStack & AsyncDisposable> {
  const stack = await startLocalStack(options)
  return { ...stack, [Symbol.asyncDispose]: () => stack.close() }
}

function readArguments(): Arguments | number {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '4000' },
        folder: { type: 'string', default: '.drawdown' },
        'no-sample': { type: 'boolean', default: false },
        assembly: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      console.log(help)
      return 0
    }
    const port = Number(values.port)
    if (!/^\d+$/.test(values.port) || port > 65_535)
      throw new TypeError('--port must be a number from 0 to 65535')
    const own = values.assembly === undefined
    return {
      port,
      folder: resolve(values.folder),
      sample: own && !values['no-sample'],
      ...(own ? {} : { assemblyFolder: values.assembly }),
    }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    return 2
  }
}

async function playSample(
  sample: typeof import('../cli/sample-month.ts'),
  stack: LocalStack,
  progress: SampleProgress,
  present: Date,
): Promise<void> {
  progress.begin()
  console.log(`It runs at ${stack.apiUrl}, and plays a sample month there …`)
  await sample.playSampleMonth({ stack, present, log: (line) => console.log(`  ${line}`) })
  await stack.waitUntilIdle()
  progress.finish()
}

/** Resolves at Ctrl-C or a termination; a second one ends at once. */
function untilAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const stop = () => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}

function sayWhereThingsAre(stack: LocalStack, folder: string, progress: SampleProgress): void {
  if (progress.isCutOff()) {
    console.log(
      `The sample month was cut off at the first start. For a whole one, stop and delete ${folder}.`,
    )
  }
  console.log(`
Drawdown runs here, and it is ${stack.clock.now().toISOString()}.

  Start page     ${stack.apiUrl}/
  API reference  ${stack.apiUrl}/docs
  Accounts       ${stack.apiUrl}/local/accounts
  Inbox          ${stack.apiUrl}/local/inbox
  Clock          ${stack.apiUrl}/local/clock
  Stripe         ${stack.stripe.url}

Ctrl-C stops it; the next start goes on from here.`)
}

/** What the file system says of a data folder that is none, or not ours to write. */
function isAboutFolder(error: unknown): error is Error {
  const isRefusal = error instanceof Error && 'syscall' in error && 'code' in error
  return isRefusal && /^(EEXIST|ENOTDIR|EACCES|EPERM|EROFS|ENOSPC|ENOENT)$/.test(String(error.code))
}

function explain(error: unknown, port: number): string {
  if (error instanceof FolderInUseError) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program. Choose another: npm start -- --port ${port + 1}`
  }
  if (isAboutFolder(error))
    return `${error.message}. Choose a folder that can be written: npm start -- --folder F`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
