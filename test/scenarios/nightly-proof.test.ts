import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documentClient } from '../../functions/edge/dynamodb.ts'
import { localClientOptions } from '../../local/dynamodb.ts'
import { heardEvents, listeningAssembly } from '../support/listening-assembly.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

const DRAWDOWN = fileURLToPath(new URL('../../cli/drawdown.ts', import.meta.url))
const PRICE = { currency: 'USD', model: { kind: 'per_unit', unitAmount: '1.00' } }

type Account = Awaited<ReturnType<TestStack['openAccount']>>

let assembly: Awaited<ReturnType<typeof listeningAssembly>>
let test: TestStack
let tampered: Account
let sound: Account

beforeAll(async () => {
  assembly = await listeningAssembly(['account.parked', 'account.reopened', 'account.closed'])
  test = await startTestStack({ startAt: '2026-11-10T09:00:00.000Z', assemblyFolder: assembly.folder })
  await test.staff.send('PUT', '/v1/prices/message', { body: PRICE })
  tampered = await test.openAccount({ credit: '25.00' })
  sound = await test.openAccount({ credit: '30.00' })
  for (let count = 0; count < 5; count += 1) await charge(sound, `charge-${count}`)
})
afterAll(async () => {
  await test?.stop()
  assembly?.remove()
})

const charge = ({ accountId }: Account, idempotencyKey: string) =>
  test.usage.send('POST', `/v1/accounts/${accountId}/charges`, {
    body: { service: 'message', quantity: 1 },
    idempotencyKey,
  })
const balanceOf = ({ accountId, owner }: Account) =>
  owner.get<{ status: string; available: { amount: string } }>(`/v1/accounts/${accountId}/balance`)

/** Gives an account credit behind the ledger's back. */
async function addToHead({ accountId }: Account, addedMicros: bigint): Promise<void> {
  const raw = new DynamoDBClient(localClientOptions(test.stack.databaseUrl))
  const environments = [...test.stack.template.functions.values()].map(({ environment }) => environment)
  const TableName = environments.find(({ LEDGER_TABLE }) => LEDGER_TABLE)!.LEDGER_TABLE!
  await documentClient(raw).send(
    new UpdateCommand({
      TableName,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'ADD availableMicros :added',
      ExpressionAttributeValues: { ':added': addedMicros },
    }),
  )
  raw.destroy()
}

/** Whoever sits at the terminal. */
async function drawdown(...args: string[]) {
  const child = spawn(process.execPath, [DRAWDOWN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [out, said, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { out, said, exitCode }
}

describe('the nightly proof', () => {
  it('parks the account that does not agree, tells the bus, and rings', async () => {
    await test.stack.clock.advanceTo('2026-11-11T02:29:00.000Z')
    await test.stack.waitUntilIdle()
    await addToHead(tampered, 1_000_000n)
    expect((await balanceOf(tampered)).status).toBe('open')
    await test.stack.clock.advanceTo('2026-11-11T02:31:00.000Z')
    await test.stack.waitUntilIdle()
    expect((await balanceOf(tampered)).status).toBe('parked')
    expect((await balanceOf(sound)).status).toBe('open')
    const { accountId } = tampered
    expect(heardEvents(test.stack)).toMatchObject([
      {
        'detail-type': 'account.parked',
        detail: {
          ...{ accountId, actor: 'machine:nightly-proof' },
          faults: expect.arrayContaining(['HEAD has 26000000 available, the history 25000000']),
        },
      },
    ])
    // The line that the alarm counts.
    const logged = (await readFile(test.stack.logFile, 'utf8')).split('\n')
    expect(logged.filter((line) => line.includes('account does not prove'))).toHaveLength(1)
  })

  it('lets nothing out of a parked account, and takes credit', async () => {
    expect(await refusalOf(charge(tampered, 'parked'))).toMatchObject({
      status: 409,
      problem: { code: 'account_parked' },
    })
    await test.topUp(tampered, '5.00', 'while-parked')
    expect((await balanceOf(tampered)).available.amount).toBe('31.00')
  })

  it('parks it again the night after it was reopened without being mended', async () => {
    const path = `/v1/accounts/${tampered.accountId}`
    await test.staff.send('PUT', `${path}/status`, { body: { status: 'open', reason: 'Looked at' } })
    await test.stack.waitUntilIdle()
    expect(await charge(tampered, 'reopened')).toBeDefined()
    await test.stack.clock.advanceTo('2026-11-12T02:31:00.000Z')
    await test.stack.waitUntilIdle()
    expect((await balanceOf(tampered)).status).toBe('parked')
    expect(heardEvents(test.stack).map((event) => event['detail-type'])).toEqual([
      'account.reopened',
      'account.parked',
    ])
  })
})

describe('the drawdown command', () => {
  const api = () => ['--api', test.stack.apiUrl]

  it('saves a statement that verifies, twice, and finds one changed digit', async () => {
    const file = join(test.folder, 'statement.json')
    const save = () => drawdown('statement', '--account', sound.accountId, '--output', file, ...api())
    expect(await save()).toMatchObject({ exitCode: 0, said: '' })
    const saved = await readFile(file, 'utf8')
    expect(await save()).toMatchObject({ exitCode: 0 })
    expect(await readFile(file, 'utf8')).toBe(saved)

    const verified = await drawdown('verify', file)
    expect(verified).toMatchObject({ exitCode: 0, said: '' })
    expect(verified.out).toMatch(/checked +6 lines, from the first to entry 6\n +available +25\.00 USD/)
    const tip = /tip +(\S+)/.exec(verified.out)![1]!
    await charge(sound, 'later')
    await save()
    expect((await drawdown('verify', file, '--tip', tip)).out).toContain('noted tip  is that of entry 6')

    await writeFile(
      file,
      saved.replace('"availableAfterMicros":"28000000"', '"availableAfterMicros":"28000001"'),
    )
    const changed = await drawdown('verify', file)
    expect(changed).toMatchObject({ exitCode: 1, said: '' })
    expect(changed.out).toContain('entry 3: its hash does not fit what it says')
  })

  it('adds up the books, says which account is off, and that it proves once it is mended', async () => {
    await addToHead(tampered, -1_000_000n)
    expect((await drawdown('trial-balance', ...api())).exitCode).toBe(0)
    const { accountId } = sound
    await addToHead(sound, 1_000_000n)
    const off = await drawdown('trial-balance', ...api())
    expect(off.exitCode).toBe(1)
    expect(off.out).toContain(`${accountId} is off by 1.00 USD`)
    const proof = await drawdown('prove', '--account', accountId, ...api())
    expect(proof).toMatchObject({ exitCode: 1 })
    expect(proof.out).toContain('HEAD has 25000000 available, the history 24000000')

    await addToHead(sound, -1_000_000n)
    const balanced = await drawdown('trial-balance', '--json', ...api())
    expect(balanced.exitCode).toBe(0)
    expect(JSON.parse(balanced.out)).toMatchObject({ accountCount: 2, sumsToZero: true, unbalanced: [] })
    expect((await drawdown('prove', '--account', accountId, '--whole', ...api())).exitCode).toBe(0)
  })

  it.each([
    [['trial-balance', '--api', 'http://127.0.0.1:1'], 1, 'Nothing answers at http://127.0.0.1:1'],
    [['trial-balance', '--api', 'https://billing.example.com'], 2, 'wants a bearer token'],
    [['statement', '--api', 'nowhere', '--account', 'x'], 2, '--api must be a web address'],
    [['statement'], 2, 'Name the account with --account'],
    [['statement', '--account', 'x', '--lines', 'all'], 2, '--lines must be a whole number'],
    [['verify'], 2, 'Name the file to check'],
    [['verify', '/nowhere/statement.json'], 2, 'there is no such file'],
    [['verify', '/'], 2, 'is a folder'],
    [['verify', '--tpi', 'x'], 2, '--tpi'],
    [['proof'], 2, 'There is no command "proof"'],
  ])('says what to do instead of how it failed: %j', async (args, exitCode, words) => {
    const { out, said, exitCode: code } = await drawdown(...args)
    expect([out, code]).toEqual(['', exitCode])
    expect(said).toContain(words)
    expect(said).not.toMatch(/^ +at /m)
  })

  it('shows the API’s own words where it refuses', async () => {
    const { said, exitCode } = await drawdown('statement', '--account', 'acc_nobody000', ...api())
    expect(exitCode).toBe(1)
    expect(said).toMatch(/404 account_not_found/)
  })

  it.each(['statement', 'verify', 'trial-balance', 'prove'])('explains %s with --help', async (name) => {
    const { out, exitCode } = await drawdown(name, '--help')
    expect([exitCode, out]).toEqual([0, expect.stringContaining(`drawdown ${name}`)])
  })
})
