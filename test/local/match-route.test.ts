import { expect, test } from 'vitest'
import { prepareRoutes } from '../../local/gateway/match-route.ts'

const match = prepareRoutes(
  [
    '$default',
    'ANY /{proxy+}',
    'GET /a/{proxy+}',
    'GET /a/{id}',
    'GET /a/fixed',
    'ANY /a/fixed',
    'POST /a/{id}/b',
  ].map((routeKey) => ({ routeKey, functionName: routeKey })),
)

test.each([
  ['GET', '/a/fixed', 'GET /a/fixed'],
  ['PUT', '/a/fixed', 'ANY /a/fixed'],
  ['GET', '/a/other', 'GET /a/{id}'],
  ['GET', '/a/other/more', 'GET /a/{proxy+}'],
  ['POST', '/a/1/b', 'POST /a/{id}/b'],
  ['POST', '/a/1', 'ANY /{proxy+}'],
  ['GET', '/', '$default'],
])('%s %s goes to the most specific route', (method, path, expected) => {
  expect(match(method, path)?.route.routeKey).toBe(expected)
})

test('a variable matches no empty segment', () => {
  const only = prepareRoutes([{ routeKey: 'GET /a/{id}', functionName: 'f' }])
  expect(only('GET', '/a/')).toBeUndefined()
  expect(only('GET', '/a/b/')).toBeUndefined()
})
