import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const DYNAMODB = fileURLToPath(new URL('../../local/dynamodb.ts', import.meta.url))
const program = `
import { startDynamoDb } from ${JSON.stringify(DYNAMODB)}
const { url } = await startDynamoDb()
console.log(url)
setInterval(() => {}, 1000)
`

it.skipIf(process.env.DYNAMODB_ENDPOINT)(
  'ends with the process that started it, also when that one is killed',
  async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
    const answers = () =>
      fetch(url).then(
        () => true,
        () => false,
      )
    expect(await answers()).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    while (await answers()) await new Promise((wake) => setTimeout(wake, 10))
    expect(await answers()).toBe(false)
  },
)
