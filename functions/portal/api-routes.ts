import { accountsApi } from '../accounts/accounts.api.ts'
import { accountRoutes } from '../accounts/accounts.routes.ts'
import { announcementsApi, staffAnnouncementsApi } from '../announcements/announcements.api.ts'
import { announcementRoutes, staffAnnouncementRoutes } from '../announcements/announcements.routes.ts'
import { autoTopUpApi } from '../auto-top-up/auto-top-up.api.ts'
import { autoTopUpRoutes } from '../auto-top-up/auto-top-up.routes.ts'
import { cardsApi } from '../cards/cards.api.ts'
import { cardRoutes } from '../cards/cards.routes.ts'
import { chargesApi } from '../charges/charges.api.ts'
import { chargeRoutes } from '../charges/charges.routes.ts'
import { consentsApi } from '../consents/consents.api.ts'
import { consentRoutes, withdrawalRoutes } from '../consents/consents.routes.ts'
import { creditsApi } from '../credits/credits.api.ts'
import { creditRoutes } from '../credits/credits.routes.ts'
import { disputesApi } from '../disputes/disputes.api.ts'
import { disputeRoutes } from '../disputes/disputes.routes.ts'
import type { Route } from '../edge/route.ts'
import { holdsApi } from '../holds/holds.api.ts'
import { holdRoutes } from '../holds/holds.routes.ts'
import { lotsApi } from '../lots/lots.api.ts'
import { lotRoutes } from '../lots/lots.routes.ts'
import { migrationApi } from '../migration/migration.api.ts'
import { migrationRoutes } from '../migration/migration.routes.ts'
import { noticesApi } from '../notices/notices.api.ts'
import { noticeRoutes } from '../notices/notices.routes.ts'
import { paymentExceptionsApi } from '../payment-exceptions/payment-exceptions.api.ts'
import { paymentExceptionRoutes } from '../payment-exceptions/payment-exceptions.routes.ts'
import { plansApi } from '../plans/plans.api.ts'
import { planChangeRoutes, planRoutes } from '../plans/plans.routes.ts'
import { pricesApi } from '../prices/prices.api.ts'
import { priceRoutes } from '../prices/prices.routes.ts'
import { privacyApi } from '../privacy/privacy.api.ts'
import { privacyRoutes } from '../privacy/privacy.routes.ts'
import { proofApi } from '../proof/proof.api.ts'
import { proofRoutes } from '../proof/proof.routes.ts'
import { refundsApi } from '../refunds/refunds.api.ts'
import { refundRoutes } from '../refunds/refunds.routes.ts'
import { ringFenceApi } from '../ring-fence/ring-fence.api.ts'
import { ringFenceRoutes } from '../ring-fence/ring-fence.routes.ts'
import { runsApi } from '../runs/runs.api.ts'
import { runRoutes } from '../runs/runs.routes.ts'
import { statementsApi } from '../statements/statements.api.ts'
import { statementRoutes } from '../statements/statements.routes.ts'
import { termsApi } from '../terms/terms.api.ts'
import { evidenceRoutes, termsRoutes } from '../terms/terms.routes.ts'
import { topUpApi } from '../top-up/top-up.api.ts'
import { topUpRoutes } from '../top-up/top-up.routes.ts'
import { usageApi } from '../usage/usage.api.ts'
import { usageRoutes } from '../usage/usage.routes.ts'
import { portalApi } from './portal.api.ts'
import { portalRoutes } from './portal.routes.ts'

/** Every capability's routes as it describes them, with the names of its routes, in the order in which a reader meets them. */
const CAPABILITIES = [
  { api: accountsApi, routes: accountRoutes },
  { api: noticesApi, routes: noticeRoutes },
  { api: statementsApi, routes: statementRoutes },
  { api: lotsApi, routes: lotRoutes },
  { api: proofApi, routes: proofRoutes },
  { api: topUpApi, routes: topUpRoutes },
  { api: refundsApi, routes: refundRoutes },
  { api: cardsApi, routes: cardRoutes },
  { api: disputesApi, routes: disputeRoutes },
  { api: paymentExceptionsApi, routes: paymentExceptionRoutes },
  { api: autoTopUpApi, routes: autoTopUpRoutes },
  { api: plansApi, routes: { ...planRoutes, ...planChangeRoutes } },
  { api: ringFenceApi, routes: ringFenceRoutes },
  { api: runsApi, routes: runRoutes },
  { api: usageApi, routes: usageRoutes },
  { api: chargesApi, routes: chargeRoutes },
  { api: holdsApi, routes: holdRoutes },
  { api: creditsApi, routes: creditRoutes },
  { api: migrationApi, routes: migrationRoutes },
  { api: pricesApi, routes: priceRoutes },
  { api: termsApi, routes: { ...termsRoutes, ...evidenceRoutes } },
  { api: privacyApi, routes: privacyRoutes },
  { api: announcementsApi, routes: announcementRoutes },
  { api: staffAnnouncementsApi, routes: staffAnnouncementRoutes },
  { api: consentsApi, routes: { ...consentRoutes, ...withdrawalRoutes } },
  { api: portalApi, routes: portalRoutes },
]

/** Every route of the API. */
export const apiRoutes = CAPABILITIES.flatMap(({ api }) => api as unknown as Route[])

const names = new Map<string, string>(
  CAPABILITIES.flatMap(({ routes }) => Object.entries(routes).map(([name, route]) => [route, name] as const)),
)

/** A route's name, which is its operation's id; throws for a route that no list of routes has. */
export function operationIdOf(route: Route): string {
  const name = names.get(route.route)
  if (name === undefined) throw new Error(`${route.route} is in no list of routes`)
  return name
}
