import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { canonicalJson } from '../ledger/canonical-json.ts'
import { decideVersion } from './decide-version.ts'
import type { PriceTerms, PriceVersion } from './price.ts'
import { type Appended, createVersionStore } from './version.store.ts'

/** A version with who wrote it and when. */
export type StoredPrice = PriceVersion & { createdAt: string; createdBy: string }
export type PriceStore = ReturnType<typeof createPriceStore>

/** The versioned prices of services: `PRICE#<service>` / `V#<6 digits>`. */
export function createPriceStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const store = createVersionStore<StoredPrice>({
    ...options,
    prefix: 'PRICE',
    list: 'PRICES',
    // As text: DynamoDB numbers come back as bigints, and a price's bounds are plain numbers.
    toItem: ({ model, ...rest }) => ({ ...rest, model: canonicalJson(model) }),
    fromItem: toPrice,
  })

  /**
   * Adds a version of a service's price, unless its newest for the same currency and client type says the same
   * (`replayed`). A version begins at `terms.effectiveFrom`, or now.
   */
  async function set(
    service: string,
    terms: PriceTerms,
    written: { at: string; by: string },
  ): Promise<Appended<StoredPrice>> {
    const { currency, clientType, model } = terms
    const text = canonicalJson(model)
    return store.append(
      service,
      (versions) =>
        decideVersion(
          versions,
          {
            effectiveFrom: terms.effectiveFrom,
            inLane: (price) => price.currency === currency && price.clientType === clientType,
            saysTheSame: (price) => canonicalJson(price.model) === text,
          },
          written.at,
        ),
      (numbered) => ({
        service,
        currency,
        ...(clientType && { clientType }),
        model,
        ...numbered,
        createdAt: written.at,
        createdBy: written.by,
      }),
    )
  }

  return { set, listVersions: store.listVersions, listAll: store.listAll }
}

function toPrice(item: Record<string, unknown>): StoredPrice {
  const price = item as unknown as Omit<StoredPrice, 'model' | 'version'> & { model: string; version: bigint }
  const { service, currency, clientType, effectiveFrom, createdAt, createdBy } = price
  return {
    service,
    version: Number(price.version),
    currency,
    ...(clientType && { clientType }),
    effectiveFrom,
    model: JSON.parse(price.model) as StoredPrice['model'],
    createdAt,
    createdBy,
  }
}
