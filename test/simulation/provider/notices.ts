import { createHmac } from 'node:crypto'

export const PROVIDER_SECRET = { apiKey: 'sk_test_simulation', webhookSigningSecret: 'whsec_simulation' }

/** What the provider has to tell: `wasTaken` once somebody has answered that it arrived, `isLost` when nobody ever hears it. */
export type Notice = {
  label: string
  type: string
  body: string
  wasTaken: boolean
  takenAt: number
  isLost: boolean
}

/** Everything that the provider has told, or is to tell. */
export class Notices {
  readonly all: Notice[] = []

  get waiting(): Notice[] {
    return this.all.filter(({ wasTaken, isLost }) => !wasTaken && !isLost)
  }

  add(type: string, object: { id: string }, now: number): void {
    const created = Math.floor(now / 1000)
    const event = { id: `evt_${this.all.length + 1}`, object: 'event', type, created, data: { object } }
    const label = `${type} of ${object.id}`
    const body = JSON.stringify(event)
    this.all.push({ label, type, body, wasTaken: false, takenAt: 0, isLost: false })
  }
}

/** The header by which an event proves where it comes from: https://docs.stripe.com/webhooks#verify-manually */
export function signatureOf(body: string, nowMilliseconds: number): string {
  const seconds = Math.floor(nowMilliseconds / 1000)
  const signature = createHmac('sha256', PROVIDER_SECRET.webhookSigningSecret)
    .update(`${seconds}.${body}`)
    .digest('hex')
  return `t=${seconds},v1=${signature}`
}
