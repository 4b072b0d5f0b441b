/** The sample clients: one of each type, each with another way through the month. */
export type SampleAccount = {
  slug: string
  name: string
  clientType: 'hosted' | 'private_cloud' | 'global_infrastructure'
  timeZone: string
  ownerEmail: string
  firstTopUp: string
  /** Below this much credit its people are told. */
  lowCreditThreshold: string
  planId: string
  planName: string
  services: { service: string; name: string; unitFee: string; quantity: number }[]
  /** What its people do about a warning: they get none, or top up in time what it names, or wait until after the first. */
  whenWarned: 'gets_none' | 'tops_up_in_time' | 'tops_up_late'
}

export const SAMPLE_ACCOUNTS: SampleAccount[] = [
  {
    slug: 'hosted',
    name: 'Hosted Sample Company',
    clientType: 'hosted',
    timeZone: 'Europe/Berlin',
    ownerEmail: 'billing@hosted-sample.example.com',
    firstTopUp: '100.00',
    lowCreditThreshold: '75.00',
    planId: 'hosted-basic',
    planName: 'Hosted basic',
    services: [
      { service: 'seat', name: 'Seat', unitFee: '4.90', quantity: 5 },
      { service: 'number', name: 'Phone number', unitFee: '1.00', quantity: 2 },
    ],
    whenWarned: 'gets_none',
  },
  {
    slug: 'private-cloud',
    name: 'Private Cloud Sample Company',
    clientType: 'private_cloud',
    timeZone: 'America/New_York',
    ownerEmail: 'billing@private-cloud-sample.example.com',
    firstTopUp: '150.00',
    lowCreditThreshold: '20.00',
    planId: 'private-cloud-standard',
    planName: 'Private cloud standard',
    services: [
      { service: 'server', name: 'Server', unitFee: '149.00', quantity: 1 },
      { service: 'number', name: 'Phone number', unitFee: '0.80', quantity: 25 },
    ],
    whenWarned: 'tops_up_in_time',
  },
  {
    slug: 'global-infrastructure',
    name: 'Global Infrastructure Sample Company',
    clientType: 'global_infrastructure',
    timeZone: 'Asia/Singapore',
    ownerEmail: 'billing@global-infrastructure-sample.example.com',
    firstTopUp: '200.00',
    lowCreditThreshold: '50.00',
    planId: 'global-infrastructure-standard',
    planName: 'Global infrastructure standard',
    services: [{ service: 'region', name: 'Region', unitFee: '250.00', quantity: 2 }],
    whenWarned: 'tops_up_late',
  },
]

export const SAMPLE_TERMS = [
  {
    ...{ document: 'terms-of-service', title: 'Terms of service', file: 'terms-of-service.md' },
    ...{ kind: 'agreement', decision: 'accepted', pressed: 'I accept' },
  },
  {
    ...{ document: 'privacy-statement', title: 'Privacy statement', file: 'privacy-statement.md' },
    // Nobody has to agree to it.
    ...{ kind: 'statement', decision: 'acknowledged', pressed: 'I have read it' },
  },
]
