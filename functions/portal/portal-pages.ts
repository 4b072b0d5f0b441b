import framed from '../../web/portal-frame.html'
import home from '../../web/portal-home.html'
import privacy from '../../web/portal-privacy.html'
import signedOut from '../../web/portal-signed-out.html'
import terms from '../../web/portal-terms.html'
import announcementsScript from '../../web/scripts/announcements.page.js'
import formatScript from '../../web/scripts/format.page.js'
import frameScript from '../../web/scripts/frame.page.js'
import homeScript from '../../web/scripts/home.page.js'
import privacyScript from '../../web/scripts/privacy.page.js'
import safeHtmlScript from '../../web/scripts/safe-html.page.js'
import sessionScript from '../../web/scripts/session.page.js'
import termsScript from '../../web/scripts/terms.page.js'
import topUpScript from '../../web/scripts/top-up.page.js'
import houseStyle from '../../web/styles/house.css'
import portalStyle from '../../web/styles/portal.css'
import topUpStyle from '../../web/styles/top-up.css'
import topUp from '../../web/top-up.html'
import { composePage, framePage, type PageParts } from './compose-page.ts'

const parts: PageParts = {
  styles: { house: houseStyle, portal: portalStyle, 'top-up': topUpStyle },
  scripts: {
    ...{ session: sessionScript, format: formatScript, 'safe-html': safeHtmlScript, frame: frameScript },
    ...{
      announcements: announcementsScript,
      home: homeScript,
      terms: termsScript,
      privacy: privacyScript,
      'top-up': topUpScript,
    },
  },
}

const inFrame = (title: string, content: string, scripts: string) =>
  composePage(framePage(framed, { title, content, scripts }), parts)

/** The pages, each whole but for its configuration. */
export const portalPages = {
  home: inFrame('Overview', home, 'announcements home'),
  terms: inFrame('Terms', terms, 'terms'),
  privacy: inFrame('Privacy', privacy, 'privacy'),
  topUp: composePage(topUp, parts),
  signedOut: composePage(signedOut, parts),
}
