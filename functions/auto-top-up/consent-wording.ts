/**
 * What a person agrees to who switches automatic top-up on. A change of its words is a new version, and whoever had agreed
 * to another keeps that in their consent. It says what card schemes ask to be said of payments that nobody is present for:
 * when, how much and how often, and how it is ended
 * (https://docs.stripe.com/payments/save-and-reuse: "Compliance").
 */
export const CONSENT_WORDING = {
  version: '2026-11-23',
  text:
    'I allow my default card, or my backup card if the default is declined, to be charged without further notice whenever ' +
    'my credit is below the threshold or does not cover a month of my service plan: as much as is set here, and together no ' +
    'more than the monthly limit set here. I can switch this off at any time.',
} as const
