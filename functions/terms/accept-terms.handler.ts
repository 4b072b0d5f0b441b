import { createAccess } from '../access/access.store.ts'
import { concerns } from '../accounts/concerned-clients.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { createAcceptanceStore } from './acceptance.store.ts'
import { findAnswerable } from './decide-gate.ts'
import { presentAcceptance } from './present-terms.ts'
import { refuseAnswer } from './refuse-answer.ts'
import { acceptTerms, listAcceptances } from './terms.api.ts'
import { createTermsStore } from './terms.store.ts'
import { type Acceptance, BINDING_ROLES, textIn } from './terms.ts'

const { DOCUMENTS_TABLE } = environment('DOCUMENTS_TABLE')
const options = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const access = createAccess(options)
const terms = createTermsStore(options)
const acceptances = createAcceptanceStore(options)

export const handler = httpHandler(
  bind(listAcceptances, async ({ caller, params: { accountId } }) => {
    await access.require(caller, accountId, { roles: BINDING_ROLES, staff: true, despiteTerms: true })
    return { status: 200, body: { acceptances: (await acceptances.list(accountId)).map(presentAcceptance) } }
  }),

  bind(acceptTerms, async ({ caller, params: { accountId }, body, sourceIp, userAgent }) => {
    if (caller.email === undefined)
      throw new Problem('role_not_allowed', 'Terms are answered by people, not by machines.')
    const { account, member } = await access.read(caller, accountId, {
      roles: BINDING_ROLES,
      despiteTerms: true,
    })
    const versions = await terms.listVersions(body.document)
    const version = versions.find((one) => one.version === body.version)
    if (!version || !concerns(version, account.clientType)) {
      throw new Problem(
        'terms_not_found',
        `No version ${body.version} of ${body.document} concerns this account.`,
      )
    }
    const isAcknowledged = body.decision === 'acknowledged'
    if (isAcknowledged !== (version.kind === 'statement')) {
      const may = version.kind === 'statement' ? 'acknowledged' : 'accepted or declined'
      throw invalidField('decision', `${body.document} is ${may}`)
    }
    const { language, textSha256 } = textIn(version, body.language)
    if (textSha256 !== body.textSha256) {
      throw invalidField('textSha256', 'is not the SHA-256 of this version’s text; read the version again')
    }
    const { document, number } = version
    const acceptance: Acceptance = {
      ...{ accountId, document, version: version.version, number, language, textSha256 },
      ...{ decision: body.decision, pressed: body.pressed },
      at: new Date().toISOString(),
      ...{ subject: caller.subject, email: caller.email, role: member!.role },
      ...{ sourceIp, userAgent, signIn: caller.signIn },
    }
    const { newest, inEffect } = findAnswerable(versions, account.clientType, new Date(acceptance.at))
    const newestSeen = inEffect?.version === version.version ? newest : version
    const recorded = await acceptances.record(acceptance, account.clientType, newestSeen?.version)
    if (!recorded.ok) throw refuseAnswer(recorded.reason)
    return { status: 201, body: presentAcceptance(recorded.acceptance) }
  }),
)
