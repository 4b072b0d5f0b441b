import { Aws, Duration, Validations } from 'aws-cdk-lib'
import {
  AccountRecovery,
  CfnUserPoolGroup,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  StandardThreatProtectionMode,
  UserPool,
  type UserPoolClient,
  UserPoolOperation,
  UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito'
import { Construct } from 'constructs'
import { removalPolicy } from './durable.ts'
import type { Foundation } from './foundation.ts'
import { HouseFunction } from './house-function.ts'

/**
 * Who may call: people, by e-mail address and password, in a pool of their own; the operator's machines, by client
 * credentials and a scope. A trigger puts the e-mail address into access tokens, because memberships go by it.
 */
export class Identity extends Construct {
  readonly issuer: string
  readonly portalClientId: string
  readonly clientIds: string[]
  private readonly pool: UserPool

  constructor(scope: Construct, id: string, foundation: Foundation) {
    super(scope, id)
    this.pool = this.makePool(foundation)
    this.issuer = this.pool.userPoolProviderUrl
    this.pool.addDomain('Domain', {
      // Unique in the world, hence the account's number; the pages that sign people in live there.
      cognitoDomain: { domainPrefix: `drawdown-${foundation.configuration.stage}-${Aws.ACCOUNT_ID}` },
    })
    const staff = new CfnUserPoolGroup(this, 'Staff', {
      userPoolId: this.pool.userPoolId,
      groupName: 'staff',
      description: "The operator's own people",
    })
    staff.applyRemovalPolicy(removalPolicy(foundation.configuration))
    const portal = this.addPortal(foundation)
    this.portalClientId = portal.userPoolClientId
    this.clientIds = [portal, ...this.addMachines()].map((client) => client.userPoolClientId)
  }

  private makePool(foundation: Foundation): UserPool {
    const { configuration } = foundation
    const pool = new UserPool(this, 'Pool', {
      signInAliases: { email: true },
      signInCaseSensitive: false,
      selfSignUpEnabled: true,
      autoVerify: { email: true },
      keepOriginal: { email: true },
      standardAttributes: { email: { required: true, mutable: true } },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        passwordHistorySize: 5,
        tempPasswordValidity: Duration.days(3),
      },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      featurePlan: FeaturePlan.PLUS,
      standardThreatProtectionMode: StandardThreatProtectionMode.FULL_FUNCTION,
      deletionProtection: configuration.removalPolicy === 'retain',
      removalPolicy: removalPolicy(configuration),
    })
    Validations.of(pool).acknowledge({
      id: 'AwsSolutions-COG2',
      reason:
        "Clients' own admins choose a second factor; threat protection asks for one where a sign-in looks risky.",
    })
    const addClaims = new HouseFunction(this, 'AddClaims', {
      foundation,
      handler: 'identity/add-claims',
      timeoutSeconds: 5,
    })
    pool.addTrigger(UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, addClaims.lambda, LambdaVersion.V2_0)
    return pool
  }

  private addPortal({ configuration }: Foundation): UserPoolClient {
    return this.pool.addClient('Portal', {
      userPoolClientName: 'portal',
      generateSecret: false,
      authFlows: { userSrp: true },
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.EMAIL],
        callbackUrls: configuration.portalCallbackUrls,
        logoutUrls: [configuration.portalUrl, `${configuration.portalUrl}/portal/signed-out`],
      },
      accessTokenValidity: Duration.minutes(30),
      idTokenValidity: Duration.minutes(30),
      refreshTokenValidity: Duration.hours(12),
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
    })
  }

  private addMachines(): UserPoolClient[] {
    const scopes = {
      staff: new ResourceServerScope({ scopeName: 'staff', scopeDescription: 'All that staff may do' }),
      usage: new ResourceServerScope({ scopeName: 'usage', scopeDescription: 'Send usage' }),
    }
    const server = new UserPoolResourceServer(this, 'Scopes', {
      userPool: this.pool,
      identifier: 'drawdown',
      scopes: Object.values(scopes),
    })
    return (['staff', 'usage'] as const).map((name) =>
      this.pool.addClient(name === 'staff' ? 'StaffMachine' : 'UsageMachine', {
        userPoolClientName: `${name}-machine`,
        generateSecret: true,
        oAuth: {
          flows: { clientCredentials: true },
          scopes: [OAuthScope.resourceServer(server, scopes[name])],
        },
        accessTokenValidity: Duration.hours(1),
        enableTokenRevocation: true,
      }),
    )
  }
}
