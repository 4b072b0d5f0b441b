import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { UsageProblem } from '../../../cli/drawdown/command.ts'
import { statement } from '../../../cli/drawdown/statement.ts'
import { sampleStatement } from './statements.ts'

/** Saves from an API that answers so, and gives what is in the folder afterwards. */
async function saveFrom(answer: RequestListener, before: Record<string, string> = {}) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'drawdown-statement-'))
  for (const [name, text] of Object.entries(before)) await writeFile(join(folder.path, name), text)
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const output = join(folder.path, 'statement.json')
  const args = ['--account', 'acc_example1', '--api', api, '--token', 'x', '--output', output]
  vi.spyOn(console, 'log').mockReturnValue(undefined)
  try {
    const outcome = await statement.run(args).catch((error: Error) => error.message)
    const files: Record<string, string> = {}
    for (const name of await readdir(folder.path))
      files[name] = await readFile(join(folder.path, name), 'utf8')
    return { outcome, files }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const refuse: RequestListener = (_request, response) => {
  response.writeHead(404, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ code: 'account_not_found', detail: 'You have no such account.' }))
}

describe('saving a statement', () => {
  it('leaves the statement, and nothing beside it', async () => {
    const { outcome, files } = await saveFrom(
      (_request, response) => void response.end(JSON.stringify(sampleStatement())),
    )
    expect([outcome, Object.keys(files)]).toEqual([0, ['statement.json']])
    expect(JSON.parse(files['statement.json']!)).toEqual(sampleStatement())
  })

  it('leaves nothing where it is refused, and keeps what was there', async () => {
    expect(await saveFrom(refuse)).toEqual({
      outcome: expect.stringContaining('404 account_not_found'),
      files: {},
    })
    const before = { 'statement.json': 'an earlier one' }
    expect((await saveFrom(refuse, before)).files).toEqual(before)
  })

  it('wants a file', async () => {
    await expect(statement.run(['--account', 'acc_example1', '--output', ''])).rejects.toThrow(UsageProblem)
  })
})
