import { globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { allStatements, may, whoMay } from './statements.ts'
import {
  handlerOf,
  handlers,
  list,
  resourcesOf,
  type Synthesized,
  synthesize,
  target,
  type Value,
} from './synthesized.ts'

let synthesized: Synthesized
const idOf = (type: string, name: string) =>
  resourcesOf(synthesized, type).find(([id]) => id.startsWith(name))![0]
const lambdas = () => resourcesOf(synthesized, 'AWS::Lambda::Function').map(([, lambda]) => lambda)

beforeAll(async () => {
  synthesized = await synthesize()
})

describe('security checks', () => {
  it("find nothing that isn't acknowledged with its reason", () => {
    expect(synthesized.nagFindings).toEqual([])
  })
})

describe('functions', () => {
  it('are deployed each, and each of them has its file', () => {
    const files = globSync('functions/*/*.handler.ts').map((file) =>
      file.replace(/^functions\/|\.handler\.ts$/g, ''),
    )
    expect(lambdas().map(handlerOf).sort()).toEqual(handlers)
    expect(files.sort()).toEqual(handlers)
  })

  it('run on arm64 and Node 24, traced, with a log group of their own that forgets', () => {
    const logs = new Set<string | undefined>()
    for (const { Properties } of lambdas()) {
      expect(Properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        TracingConfig: { Mode: 'Active' },
      })
      logs.add(target((Properties.LoggingConfig as { LogGroup: Value }).LogGroup))
    }
    expect(logs.size).toBe(handlers.length)
    for (const [, group] of resourcesOf(synthesized, 'AWS::Logs::LogGroup')) {
      expect(group.Properties.RetentionInDays).toBe(90)
    }
  })
})

describe('the configured log level', () => {
  it("is the functions' and Lambda's own, which would drop what is below it", async () => {
    const debugging = await synthesize({ 'drawdown.logLevel': 'DEBUG' })
    for (const [id, { Properties }] of resourcesOf(debugging, 'AWS::Lambda::Function')) {
      expect(Properties, id).toMatchObject({
        Environment: { Variables: { LOG_LEVEL: 'DEBUG' } },
        LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'DEBUG' },
      })
    }
  })
})

describe('roles', () => {
  // The wildcards that there are, each of which a comment next to its grant explains.
  const anyResource = ['ses:DeleteSuppressedDestination', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments']
  const anyName = /\/(exports|rate-decks|terms)\/\*"/

  it('name each action', () => {
    for (const { role, statement } of allStatements(synthesized)) {
      expect(list(statement.Action).join(), role).not.toContain('*')
    }
  })

  it('name each resource, but for traces, the suppression list and the names of files in one folder', () => {
    for (const { role, statement } of allStatements(synthesized)) {
      if (statement.Resource === '*') {
        expect(anyResource, role).toEqual(expect.arrayContaining(list(statement.Action)))
      } else {
        for (const resource of list(statement.Resource)) {
          const text = JSON.stringify(resource)
          expect(text.includes('*') && !anyName.test(text), `${role}: ${text}`).toBe(false)
        }
      }
    }
  })

  it('have no policies but their own', () => {
    for (const [id, role] of resourcesOf(synthesized, 'AWS::IAM::Role')) {
      expect(role.Properties.ManagedPolicyArns, id).toBeUndefined()
    }
  })

  it('let nobody delete from the ledger, or scan it', () => {
    const ledger = idOf('AWS::DynamoDB::GlobalTable', 'LedgerTable')
    for (const action of [
      'DeleteItem',
      'BatchWriteItem',
      'Scan',
      'PartiQLUpdate',
      'UpdateTable',
      'DeleteTable',
    ]) {
      expect(whoMay(synthesized, `dynamodb:${action}`, ledger)).toEqual([])
    }
  })

  it('let only those post to the ledger whose job it is', () => {
    const ledger = idOf('AWS::DynamoDB::GlobalTable', 'LedgerTable')
    expect(whoMay(synthesized, 'dynamodb:PutItem', ledger)).toEqual([
      'accounts/accounts',
      'charges/charge-now',
      'credits/give-credit',
      'credits/refund-entry',
      'credits/reverse-entry',
      'holds/authorise-hold',
      'holds/expire-hold',
      'holds/settle-hold',
      'lots/expire-lots',
      'migration/give-migration-credits',
      'plans/change-plan',
      'plans/charge-month',
      // It writes no entry either: it closes an account for its owner.
      'privacy/privacy',
      // It ends holds whose timer has failed.
      'proof/find-changed',
      // These two write no entry: they park an account.
      'proof/prove-account',
      'proof/prove-now',
      'refunds/approve-refund',
      'refunds/request-refund',
      'ring-fence/ring-fence',
      'runs/charge-segment',
      'top-up/receive-payment-event',
      'top-up/reconcile-payments',
      'usage/deduct-usage',
      'usage/release-gap',
    ])
  })

  it('let only those take away what waits who post', () => {
    const [ledger, waiting] = ['LedgerTable', 'WaitingTable'].map((name) =>
      idOf('AWS::DynamoDB::GlobalTable', name),
    )
    const posters = whoMay(synthesized, 'dynamodb:ConditionCheckItem', ledger!)
    expect(posters).not.toEqual(expect.arrayContaining(['accounts/accounts']))
    expect(posters).not.toEqual(expect.arrayContaining(['proof/prove-account']))
    // And what takes away personal data that waits on an account that is closed.
    const erasers = ['privacy/work-on-request']
    expect(whoMay(synthesized, 'dynamodb:DeleteItem', waiting!)).toEqual([...posters, ...erasers].sort())
  })

  it("let only what takes payments read Stripe's keys, and only notices and announcements send mail", () => {
    expect(whoMay(synthesized, 'secretsmanager:GetSecretValue', 'drawdown/stripe')).toEqual([
      'auto-top-up/auto-top-up',
      'auto-top-up/check-auto-top-up',
      'cards/change-cards',
      'cards/watch-cards',
      // It deletes the customer of an account that is erased.
      'privacy/work-on-request',
      'refunds/approve-refund',
      'refunds/request-refund',
      'top-up/receive-payment-event',
      'top-up/reconcile-payments',
      'top-up/top-up',
    ])
    expect(whoMay(synthesized, 'ses:SendEmail', idOf('AWS::SES::EmailIdentity', 'Notices'))).toEqual([
      'announcements/send-mailing',
      'notices/send-notice',
    ])
  })
})

describe("a sender's domain that SES knows already", () => {
  it('is not made a second time, which would fail, and mail from it is allowed as before', async () => {
    const second = await synthesize({ 'drawdown.senderIdentity': 'existing' })
    expect(resourcesOf(second, 'AWS::SES::EmailIdentity')).toEqual([])
    expect(whoMay(second, 'ses:SendEmail', ':identity/example.com')).toEqual([
      'announcements/send-mailing',
      'notices/send-notice',
    ])
  })
})

describe('environment names', () => {
  // What a function must be allowed to do with what it is given; a name without a right is mere text.
  const rights: Record<string, string | undefined> = {
    LEDGER_TABLE: 'dynamodb:GetItem',
    USAGE_TABLE: 'dynamodb:GetItem',
    WAITING_TABLE: 'dynamodb:GetItem',
    DOCUMENTS_TABLE: 'dynamodb:Query',
    PAYMENTS_TABLE: 'dynamodb:Query',
    FILES_BUCKET: 's3:GetObject',
    EXPORTS_BUCKET: 's3:GetObject',
    EVENT_BUS: 'events:PutEvents',
    USAGE_QUEUE_URL: 'sqs:SendMessage',
    HOLD_TIMERS_URL: 'sqs:SendMessage',
    CHARGE_QUEUE_URL: 'sqs:SendMessage',
    WARNING_QUEUE_URL: 'sqs:SendMessage',
    EXPIRY_QUEUE_URL: 'sqs:SendMessage',
    PROOF_QUEUE_URL: 'sqs:SendMessage',
    ANNOUNCEMENT_QUEUE_URL: 'sqs:SendMessage',
    SEGMENT_QUEUE_URL: 'sqs:SendMessage',
    SCAN_QUEUE_URL: 'sqs:SendMessage',
    PRIVACY_QUEUE_URL: 'sqs:SendMessage',
    MAILING_QUEUE_URL: 'sqs:SendMessage',
    AUTO_TOP_UP_QUEUE_URL: 'sqs:SendMessage',
    TELLING_QUEUE_URL: 'sqs:SendMessage',
    STRIPE_SECRET_NAME: 'secretsmanager:GetSecretValue',
    WITHDRAWAL_KEY_SECRET: 'secretsmanager:GetSecretValue',
    MAIL_CONFIGURATION_SET: 'ses:SendEmail',
  }
  const everywhere = ['LOG_LEVEL', 'NODE_OPTIONS', 'POWERTOOLS_METRICS_NAMESPACE', 'POWERTOOLS_SERVICE_NAME']
  const texts = [
    ...everywhere,
    'PACED_MAIL_MILLISECONDS',
    'API_URL',
    'PLAN_GRACE_DAYS',
    'PORTAL_CLIENT_ID',
    'PORTAL_URL',
    'PRICE_CHANGE_NOTICE_DAYS',
    'SENDER_ADDRESS',
    'STRIPE_API_URL',
    'TOKEN_ISSUER',
    'USAGE_DETAIL_DAYS',
  ]
  const environmentOf = (lambda: { Properties: Record<string, Value> }) =>
    Object.entries((lambda.Properties.Environment as { Variables: Record<string, Value> }).Variables)

  it('come with the right to use what they name', () => {
    for (const lambda of lambdas()) {
      for (const [name, value] of environmentOf(lambda)) {
        if (texts.includes(name)) continue
        const action = rights[name]
        expect(action, `${handlerOf(lambda)}: ${name} is not known here`).toBeDefined()
        const id = target(value) ?? String(value)
        expect(may(synthesized, lambda, action!, id), `${handlerOf(lambda)}: ${name}`).toBe(true)
      }
    }
  })

  it('that are days are those of the configuration, wherever they are read', async () => {
    const days = {
      'drawdown.planGraceDays': '3',
      'drawdown.priceChangeNoticeDays': '60',
      'drawdown.usageDetailDays': '400',
    }
    const configured = await synthesize(days)
    const read = resourcesOf(configured, 'AWS::Lambda::Function').flatMap(([, lambda]) =>
      environmentOf(lambda).flatMap(([name, value]) => (name.endsWith('_DAYS') ? [`${name} ${value}`] : [])),
    )
    const expected = ['PLAN_GRACE_DAYS 3', 'PRICE_CHANGE_NOTICE_DAYS 60', 'USAGE_DETAIL_DAYS 400']
    expect([...new Set(read)].sort()).toEqual(expected)
  })

  it('are those that the handler reads, no more and no fewer', () => {
    for (const lambda of lambdas()) {
      const source = readFileSync(`functions/${handlerOf(lambda)}.handler.ts`, 'utf8')
      const read = [...source.matchAll(/\benvironment\(([^)]*)\)/g)].flatMap(
        ([, names]) => names!.match(/[A-Z_]+/g) ?? [],
      )
      const given = environmentOf(lambda).map(([name]) => name)
      expect(given.filter((name) => !everywhere.includes(name)).sort(), handlerOf(lambda)).toEqual(
        read.sort(),
      )
    }
  })

  it('are there wherever a function may use a table', () => {
    for (const [id] of resourcesOf(synthesized, 'AWS::DynamoDB::GlobalTable')) {
      const holders = lambdas().filter((lambda) =>
        environmentOf(lambda).some(([, value]) => target(value) === id),
      )
      expect(whoMay(synthesized, 'dynamodb:GetItem', id)).toEqual(holders.map(handlerOf).sort())
    }
  })
})

describe('routes', () => {
  const routes = () =>
    resourcesOf(synthesized, 'AWS::ApiGatewayV2::Route').map(([, route]) => route.Properties)
  const namesIn = async (pattern: string): Promise<string[]> => {
    const files = globSync(pattern, { cwd: new URL('../..', import.meta.url) })
    const modules = await Promise.all(files.map((file) => import(/* @vite-ignore */ `../../${file}`)))
    return modules.flatMap((module) =>
      Object.values(module).flatMap((names) => Object.values(names as object)),
    )
  }

  it('are those of the *.routes.ts, all of them and no other', async () => {
    const names = await namesIn('functions/*/*.routes.ts')
    expect(
      routes()
        .map((route) => route.RouteKey)
        .sort(),
    ).toEqual(names.sort())
    expect(names.length).toBeGreaterThan(40)
  })

  it('ask for a token, but for the pages of the portal, the links of e-mails and what Stripe calls', async () => {
    const open = routes().filter((route) => route.AuthorizationType !== 'JWT')
    expect(open.map((route) => route.RouteKey).sort()).toEqual([
      ...(await namesIn('functions/portal/*.routes.ts')).sort(),
      'GET /v1/consents/withdrawals',
      'POST /v1/consents/withdrawals',
      'POST /v1/webhooks/stripe',
    ])
  })

  it('trust the tokens of the pool, issued to its three clients', () => {
    const [, authorizer] = resourcesOf(synthesized, 'AWS::ApiGatewayV2::Authorizer')[0]!
    const { Audience, Issuer } = authorizer.Properties.JwtConfiguration as {
      Audience: Value[]
      Issuer: Value
    }
    expect(Audience.map(target)).toEqual(
      resourcesOf(synthesized, 'AWS::Cognito::UserPoolClient').map(([id]) => id),
    )
    expect(target(Issuer)).toBe(idOf('AWS::Cognito::UserPool', 'Identity'))
  })

  it('send people who sign in or out back to pages that there are', () => {
    const pages = routes()
      .map((route) => String(route.RouteKey))
      .filter((name) => name.startsWith('GET '))
      .map((name) => name.slice('GET '.length))
    const portal = resourcesOf(synthesized, 'AWS::Cognito::UserPoolClient').find(
      ([, { Properties }]) => Properties.ClientName === 'portal',
    )![1]
    const { CallbackURLs, LogoutURLs } = portal.Properties as Record<string, string[]>
    expect(CallbackURLs!.map((url) => new URL(url).pathname)).toEqual(['/top-up', '/portal'])
    expect(pages).toEqual(expect.arrayContaining(['/top-up', '/portal', '/portal/signed-out']))
    expect(LogoutURLs!.map((url) => new URL(url).pathname)).toContain('/portal/signed-out')
  })

  it('are logged and throttled', () => {
    const [, stage] = resourcesOf(synthesized, 'AWS::ApiGatewayV2::Stage')[0]!
    expect(stage.Properties.AccessLogSettings).toBeDefined()
    expect(stage.Properties.DefaultRouteSettings).toMatchObject({
      ThrottlingBurstLimit: 1000,
      ThrottlingRateLimit: 500,
    })
  })
})
