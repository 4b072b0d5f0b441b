import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { showAccount, showAccounts } from '../../local/pages/accounts-page.ts'
import type { LocalControls } from '../../local/pages/local-controls.ts'

let status = 500
const api = createServer((_request, response) => response.writeHead(status).end('{"accounts":[]}'))
let controls: LocalControls
beforeAll(async () => {
  await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening))
  const apiUrl = () => `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  controls = { apiUrl, staffToken: () => Promise.resolve('token') } as LocalControls
})
afterAll(() => new Promise((closed) => api.close(closed)))

it('never says that there is nothing when the API cannot tell', async () => {
  status = 500
  await expect(showAccounts(controls, true)).rejects.toThrow('the API answered 500 to GET /v1/accounts')
  await expect(showAccount(controls, 'acc_x', true)).rejects.toThrow('500')
})

it('says that there is nothing when there is nothing', async () => {
  status = 404
  expect(await showAccount(controls, 'acc_x', true)).toBeUndefined()
  status = 200
  expect(JSON.stringify(await showAccounts(controls, true))).toContain('There are no accounts yet')
})
