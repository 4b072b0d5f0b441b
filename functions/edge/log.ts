import { Logger } from '@aws-lambda-powertools/logger'

/** One JSON line per event worth knowing; never a token, a card, a document's text or a person's data. */
export const log = new Logger()
