export type PortalConfiguration = { clientId: string; authorizationEndpoint: string; tokenEndpoint: string }

const PLACE = '<script type="application/json" id="configuration">{}</script>'

/** The top-up page with its configuration in a data block, which no browser runs and whose text cannot end the block. */
export function renderTopUpPage(template: string, configuration: PortalConfiguration): string {
  if (!template.includes(PLACE)) throw new Error('the page has no place for its configuration')
  const json = JSON.stringify(configuration).replaceAll('<', '\\u003c')
  return template.replace(PLACE, () => PLACE.replace('{}', () => json))
}
