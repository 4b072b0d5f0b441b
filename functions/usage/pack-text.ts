import { deflateRawSync, inflateRawSync } from 'node:zlib'

const LARGEST_TEXT_BYTES = 64 * 1024 * 1024

/**
 * Text that batches of usage have in common, the most common last. What was packed with it needs the very same one forever:
 * never change it, give the next one a format of its own.
 */
const DICTIONARY = Buffer.from(
  [
    '"refused":0,"field":0,"insufficient_credit","account_parked","account_closed","no_price","data.seconds","data.quantity"',
    '"clientType":"global_infrastructure","clientType":"private_cloud","clientType":"hosted","currency":"EUR","currency":"GBP"',
    '"model":{"kind":"per_unit","unitAmount":"0.05"}}},{"price":{"service":"messaging.sms","version":1,',
    '"model":{"kind":"per_duration","per":"minute","rate":"0.02","firstIntervalSeconds":60,"incrementSeconds":6,"minimumSeconds":0,"connectionFee":"0.01","freeSeconds":0}}}',
    '"tiers":[{"upTo":1000,"unitAmount":"0.01"},{"upTo":null,"unitAmount":"0.008"}]',
    '{\\"number\\":0,\\"id\\":0,\\"service\\":0,\\"at\\":0,\\"quantity\\":0,\\"used\\":0,\\"attributes\\":{\\"direction\\":0,\\"inbound\\"',
    '"ZA","NO","SE","DK","AT","CH","BE","NL","IT","ES","FR","CA-1","GB-44","DE-49","US-1","0.0","0.0","0.01","0","0.01","0","0.02","0","0.01',
    '{"tables":[{"shapes":[["{\\"source\\":0,\\"number\\":0,\\"id\\":0,\\"at\\":0,\\"service\\":0,\\"seconds\\":0,\\"attributes\\":{\\"destination\\":0},\\"price\\":0}",100,',
    '[[0,"urn:switch:"],[2,1,1],[5,0,1793606400000,"7"],[4,1793606400000],[0,"voice.call"],[3],[6,"+"],[0,0]]]]},{"shapes":[["{\\"price\\":0,\\"prefix\\":0,',
    '\\"direction\\":0,\\"perMinute\\":0,\\"connectionFee\\":0,\\"minimumSeconds\\":0,\\"incrementSeconds\\":0,\\"freeSeconds\\":0,\\"name\\":0}",10,',
    '[[0,0],[6,""],[0,"outbound"],[0,"0"],[7,"0.0',
    '"]]]]}],"common":[{"price":{"service":"voice.call","version":1,"currency":"USD","effectiveFrom":"2026-01-01T00:00:00.000Z","model":{"kind":"rate_deck",',
    '"deck":"standard","destinationAttribute":"destination","directionAttribute":"direction","defaultDirection":"outbound"}},',
    '"deck":{"deck":"standard","version":1,"currency":"USD","effectiveFrom":"2026-01-01T00:00:00.000Z"}}]}',
  ].join(''),
)

/** The text of a batch in as few bytes as it can be kept: raw deflate with a dictionary. */
export function packText(text: string): Buffer {
  return deflateRawSync(text, { level: 9, dictionary: DICTIONARY })
}

/** The text as it was packed; throws on anything else. */
export function unpackText(packed: Uint8Array): string {
  return inflateRawSync(packed, { dictionary: DICTIONARY, maxOutputLength: LARGEST_TEXT_BYTES }).toString(
    'utf8',
  )
}
