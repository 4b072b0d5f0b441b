import { parseArgs } from 'node:util'

const HELP = `Moves the clock of a running local Drawdown: everything due in between happens, in order.

  npm run clock                     what time it is there
  npm run clock -- 2026-12-01       to noon UTC of that date, when it has begun in every time zone
  npm run clock -- 2026-12-01T00:30:00Z

  --url URL    where it runs (default http://127.0.0.1:4000)
  --help       this text
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:4000' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const [target, ...others] = positionals
  if (others.length > 0) throw new TypeError(`One date or instant, not ${positionals.length}`)
  const response = await fetch(new URL('/local/clock', values.url), {
    method: target ? 'POST' : 'GET',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: target ? JSON.stringify({ now: target }) : undefined,
  }).catch(() => undefined)
  if (!response) {
    console.error(
      `Nothing answers at ${values.url}. Start it with "npm start", or name its address with --url.`,
    )
    return 1
  }
  const reply = (await response.json()) as { now?: string; detail?: string }
  if (!response.ok) {
    console.error(reply.detail ?? `The clock answered ${response.status}.`)
    return 1
  }
  console.log(reply.now)
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`${(error as Error).message}\n\n${HELP}`)
  process.exitCode = 2
}
