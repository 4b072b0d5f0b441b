import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FolderInUseError } from './lock.ts'
import { type LocalStack, startLocalStack } from './stack.ts'

const help = `Usage: npm start -- [options]

Runs the whole of Drawdown on this machine. The first start plays a sample month; later ones go on where the last stopped.

  --port N       the API's port (default 4000; 0 takes a free one)
  --folder F     where everything is kept (default .drawdown)
  --no-sample    start empty, without the sample month
  --assembly F   run this synthesized CDK app instead of the project's own
  --help         this text

DYNAMODB_ENDPOINT names a DynamoDB Local for platforms other than linux-x64.
`

/** What `cli/sample-month.ts` offers: the month that a first start plays, and when it begins. */
type SampleMonth = {
  playSampleMonth(options: { stack: LocalStack; log: (line: string) => void }): Promise<void>
  sampleMonthStartsAt?: (now: Date) => Date
}

type Arguments = { port: number; folder: string; sample: boolean; assemblyFolder?: string }

process.env.TZ = 'UTC'
process.exitCode = await main()

async function main(): Promise<number> {
  const options = readArguments()
  if (typeof options === 'number') return options
  const { folder, port, assemblyFolder } = options
  const isNew = !existsSync(join(folder, 'clock.json'))
  try {
    const sampleMonth = isNew && options.sample ? await loadSampleMonth() : undefined
    const startAt = sampleMonth?.sampleMonthStartsAt?.(new Date())
    console.log('Starting Drawdown …')
    const stack = await startLocalStack({ folder, port, startAt, assemblyFolder })
    const stopped = untilStopped(stack)
    if (sampleMonth !== undefined) await play(sampleMonth, stack, folder)
    else if (existsSync(unfinishedIn(folder))) {
      console.log(
        `The sample month was cut off at the first start. For a whole one, stop and delete ${folder}.`,
      )
    }
    sayWhereThingsAre(stack)
    return await stopped
  } catch (error) {
    console.error(explain(error, port))
    return 1
  }
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

async function loadSampleMonth(): Promise<SampleMonth | undefined> {
  const file = new URL('../cli/sample-month.ts', import.meta.url)
  return existsSync(fileURLToPath(file)) ? ((await import(file.href)) as SampleMonth) : undefined
}

const unfinishedIn = (folder: string) => join(folder, 'sample-month.unfinished')

async function play(sampleMonth: SampleMonth, stack: LocalStack, folder: string): Promise<void> {
  writeFileSync(unfinishedIn(folder), '')
  console.log('Playing a sample month …')
  await sampleMonth.playSampleMonth({ stack, log: (line) => console.log(`  ${line}`) })
  await stack.waitUntilIdle()
  rmSync(unfinishedIn(folder))
}

/** Resolves with the exit code once Ctrl-C or a termination has stopped everything; a second Ctrl-C ends at once. */
function untilStopped(stack: LocalStack): Promise<number> {
  return new Promise((done) => {
    let stopping = false
    const stop = () => {
      if (stopping) process.exit(130)
      stopping = true
      console.log('Stopping …')
      // What a broken connection or a thread that does not end could keep alive must not keep the terminal.
      stack.close().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error)
          done(1)
        },
      )
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}

function sayWhereThingsAre(stack: LocalStack): void {
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

function explain(error: unknown, port: number): string {
  if (error instanceof FolderInUseError) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program. Choose another: npm start -- --port ${port + 1}`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
