import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  CorsHttpMethod,
  DomainName,
  HttpApi as GatewayApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets'
import { Construct } from 'constructs'
import { alarmPeriod } from './alarms.ts'
import type { Foundation } from './foundation.ts'
import type { HouseFunction } from './house-function.ts'
import type { Identity } from './identity.ts'

/** Why a route has no authorizer, as its caller proves who it is in another way, or need not. */
export interface PublicRoute {
  readonly public: string
}

/**
 * The HTTP API: every route asks for a token of ours unless it says why not, calls are logged and throttled, and the
 * portal's pages may call it from their own origin.
 */
export class HttpApi extends Construct {
  readonly api: GatewayApi
  /** Without a slash at its end. */
  readonly url: string
  private readonly integrations = new Map<HouseFunction, HttpLambdaIntegration>()

  constructor(scope: Construct, id: string, props: { foundation: Foundation; identity: Identity }) {
    super(scope, id)
    const { configuration, alarms } = props.foundation
    this.api = new GatewayApi(this, 'Api', {
      apiName: `drawdown-${configuration.stage}`,
      description: 'Prepaid billing',
      createDefaultStage: false,
      disableExecuteApiEndpoint: configuration.domainName !== undefined,
      defaultAuthorizer: new HttpJwtAuthorizer('Tokens', props.identity.issuer, {
        // API Gateway looks for the client of an access token here when the token has no audience; Cognito's have none.
        jwtAudience: props.identity.clientIds,
      }),
      corsPreflight: {
        allowOrigins: [new URL(configuration.portalUrl).origin],
        allowMethods: [
          CorsHttpMethod.GET,
          CorsHttpMethod.POST,
          CorsHttpMethod.PUT,
          CorsHttpMethod.PATCH,
          CorsHttpMethod.DELETE,
        ],
        allowHeaders: ['accept', 'authorization', 'content-type', 'idempotency-key'],
        exposeHeaders: ['location', 'retry-after'],
        maxAge: Duration.hours(1),
      },
    })
    this.url = configuration.domainName ? `https://${configuration.domainName}` : this.api.apiEndpoint
    this.addStage(configuration.logRetentionDays, this.addDomain(configuration))
    alarms.add(this, 'ServerErrors', {
      metric: this.api.metricServerError({ period: alarmPeriod, statistic: 'Sum' }),
      threshold: 1,
      meaning: 'the API answered with a 5xx',
    })
  }

  /** Adds one route by its name in a `*.routes.ts`, as in `GET /v1/me`. */
  route(name: string, handler: HouseFunction, openness?: PublicRoute): void {
    const [method, path] = name.split(' ') as [HttpMethod, string]
    // With the function, in whatever stack that is: this one must not come to depend on it.
    const route = new HttpRoute(handler, name.replaceAll(/\W+/g, '-'), {
      httpApi: this.api,
      routeKey: HttpRouteKey.with(path, HttpMethod[method]),
      integration: this.integrationOf(handler),
      ...(openness && { authorizer: new HttpNoneAuthorizer() }),
    })
    if (openness) Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason: openness.public })
  }

  private integrationOf(handler: HouseFunction): HttpLambdaIntegration {
    const present = this.integrations.get(handler)
    if (present) return present
    const integration = new HttpLambdaIntegration(handler.node.id, handler.lambda, {
      // One permission for all routes of a function, which this API alone has: a stack holds 500 resources.
      scopePermissionToRoute: false,
    })
    this.integrations.set(handler, integration)
    return integration
  }

  private addStage(logRetentionDays: number, domainName: DomainName | undefined): void {
    const logGroup = new LogGroup(this, 'AccessLog', {
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: 500, burstLimit: 1000 },
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup), format: accessLogLine },
      ...(domainName && { domainMapping: { domainName } }),
    })
  }

  private addDomain(configuration: Foundation['configuration']): DomainName | undefined {
    const { domainName, hostedZoneId } = configuration
    if (!domainName || !hostedZoneId) return undefined
    // Neither the records nor the certificate need the zone's own name: both are given the whole domain name.
    const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName: domainName })
    const certificate = new Certificate(this, 'Certificate', {
      domainName,
      validation: CertificateValidation.fromDns(zone),
    })
    const domain = new DomainName(this, 'Domain', { domainName, certificate })
    new ARecord(this, 'Record', {
      zone,
      recordName: `${domainName}.`,
      target: RecordTarget.fromAlias(
        new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId),
      ),
    })
    return domain
  }
}

/** One line per call. No header, query or body: those may carry tokens, addresses and amounts. */
const accessLogLine = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    at: AccessLogField.contextRequestTime(),
    sourceAddress: AccessLogField.contextIdentitySourceIp(),
    client: '$context.authorizer.claims.client_id',
    subject: '$context.authorizer.claims.sub',
    route: '$context.routeKey',
    status: AccessLogField.contextStatus(),
    refusal: '$context.authorizer.error',
    integrationError: '$context.integrationErrorMessage',
    responseBytes: AccessLogField.contextResponseLength(),
    milliseconds: AccessLogField.contextResponseLatency(),
  }),
)
