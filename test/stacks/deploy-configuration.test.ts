import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, readDeployConfiguration } from '../../lib/deploy-configuration.ts'

const committed = JSON.parse(readFileSync('cdk.json', 'utf8')).context
const errorsOf = (context: object): string => {
  try {
    readDeployConfiguration({ ...committed, ...context })
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message
    throw error
  }
  return ''
}

describe('deploy configuration', () => {
  it('is complete as committed', () => {
    expect(readDeployConfiguration(committed)).toMatchObject({
      stage: 'production',
      senderAddress: 'billing@example.com',
      removalPolicy: 'retain',
      logRetentionDays: 90,
    })
  })

  it('takes each field from the command line first, where all are text', () => {
    const overrides = {
      'drawdown.logRetentionDays': '30',
      'drawdown.removalPolicy': 'destroy',
      'drawdown.portalUrl': 'https://pay.example.org/',
      'drawdown.portalCallbackUrls': 'https://pay.example.org/top-up, https://pay.example.org/done',
    }
    expect(readDeployConfiguration({ ...committed, ...overrides })).toMatchObject({
      logRetentionDays: 30,
      removalPolicy: 'destroy',
      portalUrl: 'https://pay.example.org',
      portalCallbackUrls: ['https://pay.example.org/top-up', 'https://pay.example.org/done'],
    })
  })

  it('sends people back to the pages that sign them in unless told otherwise', () => {
    const context = {
      ...committed,
      'drawdown.portalCallbackUrls': '',
      'drawdown.portalUrl': 'https://pay.example.org',
    }
    expect(readDeployConfiguration(context).portalCallbackUrls).toEqual([
      'https://pay.example.org/top-up',
      'https://pay.example.org/portal',
    ])
  })

  it.each([
    ['senderAddress', 'billing', 'must be an e-mail address, as in billing@example.com'],
    ['senderAddress', '', 'is missing'],
    [
      'stripeSecretName',
      'not a name',
      'must be the name of a secret in Secrets Manager, as in drawdown/stripe',
    ],
    ['senderIdentity', 'mine', "must be 'create' or 'existing'"],
    ['portalUrl', 'http://billing.example.com', 'must be a web address that starts with https://'],
    ['portalCallbackUrls', 'top-up', 'must be a web address that starts with https://'],
    ['removalPolicy', 'keep', "must be 'retain' or 'destroy'"],
    ['logRetentionDays', '42', expect.stringMatching(/^must be one of 1, 3, 5, 7, /)],
    ['logRetentionDays', 'long', expect.stringMatching(/^must be one of 1, 3, 5, 7, /)],
    ['stage', 'Production!', 'must be 2 to 20 of a-z, 0-9 and -, starting with a letter'],
    ['account', '1234', 'must be the 12 digits of an AWS account'],
    ['region', 'europe', 'must be an AWS region, as in eu-west-1'],
    ['domainName', 'billing', 'must be a domain name, as in billing.example.com'],
    ['alarmEmail', 'me', 'must be an e-mail address'],
    ['planGraceDays', '28', 'must be a whole number of days from 0 to 27'],
    ['planGraceDays', '1.5', 'must be a whole number of days from 0 to 27'],
    ['priceChangeNoticeDays', '-1', 'must be a whole number of days from 0 to 365'],
    ['pacedMailsPerSecond', '0', 'must be a whole number from 1 to 100'],
    ['logLevel', 'loud', 'must be DEBUG, INFO, WARN or ERROR'],
    ['sendrAddress', 'billing@example.com', 'is not a field'],
  ])('refuses %s=%s in one line that names the field', (field, value, message) => {
    const [start, ...rest] = errorsOf({ 'drawdown.hostedZoneId': 'Z1', [`drawdown.${field}`]: value }).split(
      `${field}: `,
    )
    expect([start, rest.join()]).toEqual(['deploy configuration: ', message])
  })

  it('asks for the hosted zone that a domain name needs', () => {
    expect(errorsOf({ 'drawdown.domainName': 'billing.example.com' })).toBe(
      'deploy configuration: hostedZoneId: is needed with domainName: the zone gets its records',
    )
  })

  it('names every wrong field, a line each', () => {
    const lines = errorsOf({ 'drawdown.stage': '-', 'drawdown.region': '-' }).split('\n')
    expect(lines.map((line) => line.split(': ')[1])).toEqual(['stage', 'region'])
  })

  it('stops the app with that line, and no more, before anything is built', async () => {
    const context = JSON.stringify({ ...committed, 'drawdown.senderAddress': 'billing' })
    const run = await new Promise<{ code: unknown; stderr: string }>((done) =>
      execFile(
        process.execPath,
        ['bin/drawdown.ts'],
        { env: { ...process.env, CDK_CONTEXT_JSON: context } },
        (error, _stdout, stderr) => done({ code: error?.code, stderr }),
      ),
    )
    expect(run).toEqual({
      code: 1,
      stderr: 'deploy configuration: senderAddress: must be an e-mail address, as in billing@example.com\n',
    })
  })
})
