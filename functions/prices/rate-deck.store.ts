import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { sha256OfText } from '../edge/sha256.ts'
import { decideVersion } from './decide-version.ts'
import { type RateDeck, readRateDeck, writeRateDeck } from './rate-deck.ts'
import { type Appended, createVersionStore } from './version.store.ts'

/** Which version of which deck, and where its rates are. */
export type StoredRateDeck = {
  deck: string
  version: number
  currency: string
  effectiveFrom: string
  rateCount: number
  /** Of the rates as they are kept, so that the same rates are recognised. */
  contentHash: string
  file: string
  createdAt: string
  createdBy: string
}

export type RateDeckStoreOptions = {
  client: DynamoDBDocumentClient
  documentsTable: string
  files: S3Client
  filesBucket: string
}
/** A deck of 100 000 rates takes some 60 MB of memory. */
const DECKS_KEPT = 4
const WRITE_TRIES = 3
const compress = promisify(gzip)
const decompress = promisify(gunzip)

/**
 * Versioned rate decks: who, when and which in `RATE_DECK#<deck>` / `V#<6 digits>`, the rates in an object named by their
 * hash. The object is written first and never replaced by another content, so that a version always has its rates,
 * whoever imports at the same time. Decks that were read stay in memory: they can't change.
 */
export function createRateDeckStore({ client, documentsTable, files, filesBucket }: RateDeckStoreOptions) {
  const store = createVersionStore<StoredRateDeck>({
    client,
    documentsTable,
    prefix: 'RATE_DECK',
    list: 'RATE_DECKS',
    toItem: (version) => ({ ...version }),
    fromItem: toRateDeck,
  })
  const kept = new Map<string, Promise<RateDeck>>()

  /**
   * Adds a version, unless the deck's newest of the same currency has the same rates (`replayed`). A version begins at
   * `effectiveFrom`, or now.
   */
  async function add(
    draft: { deck: string; currency: string; effectiveFrom?: string; rates: RateDeck },
    written: { at: string; by: string },
  ): Promise<Appended<StoredRateDeck>> {
    const { deck, currency, effectiveFrom, rates } = draft
    const text = writeRateDeck(rates)
    const contentHash = sha256OfText(text)
    const file = `rate-decks/${deck}/${contentHash}.json.gz`
    await writeFile(file, text)
    return store.append(
      deck,
      (versions) =>
        decideVersion(
          versions,
          {
            effectiveFrom,
            inLane: (version) => version.currency === currency,
            saysTheSame: (version) => version.contentHash === contentHash,
          },
          written.at,
        ),
      (numbered) => ({
        deck,
        currency,
        ...numbered,
        rateCount: rates.rates.length,
        contentHash,
        file,
        createdAt: written.at,
        createdBy: written.by,
      }),
    )
  }

  /** The rates of a version. Throws when the object is missing: a version is never written without it. */
  function readRates({ file }: Pick<StoredRateDeck, 'file'>): Promise<RateDeck> {
    const before = kept.get(file)
    const reading = before ?? readFile(file)
    // Taken out and put in again: the first key is then the one that was not asked for the longest.
    kept.delete(file)
    kept.set(file, reading)
    if (kept.size > DECKS_KEPT) kept.delete(kept.keys().next().value!)
    if (!before) reading.catch(() => kept.delete(file))
    return reading
  }

  /** Writes the object unless it is there; by its name it can only be the same one. */
  async function writeFile(file: string, text: string): Promise<void> {
    const object = {
      Bucket: filesBucket,
      Key: file,
      Body: await compress(text),
      ContentType: 'application/gzip',
    }
    for (let attempt = 1; ; attempt++) {
      try {
        await files.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }))
        return
      } catch (error) {
        const name = error instanceof Error ? error.name : ''
        if (name === 'PreconditionFailed') return
        // Somebody else was writing the same object at this very moment, and may have failed.
        if (name !== 'ConditionalRequestConflict' || attempt === WRITE_TRIES) throw error
      }
    }
  }

  async function readFile(file: string): Promise<RateDeck> {
    const { Body } = await files.send(new GetObjectCommand({ Bucket: filesBucket, Key: file }))
    const text = (await decompress(await Body!.transformToByteArray())).toString('utf8')
    return readRateDeck(text)
  }

  return { add, readRates, listVersions: store.listVersions, listAll: store.listAll }
}

function toRateDeck(item: Record<string, unknown>): StoredRateDeck {
  const stored = item as unknown as StoredRateDeck
  return {
    deck: stored.deck,
    version: Number(stored.version),
    currency: stored.currency,
    effectiveFrom: stored.effectiveFrom,
    rateCount: Number(stored.rateCount),
    contentHash: stored.contentHash,
    file: stored.file,
    createdAt: stored.createdAt,
    createdBy: stored.createdBy,
  }
}
