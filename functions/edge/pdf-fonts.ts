import cyrillic from './fonts/noto-sans-cyrillic-400-normal.woff'
import cyrillicMore from './fonts/noto-sans-cyrillic-ext-400-normal.woff'
import devanagari from './fonts/noto-sans-devanagari-400-normal.woff'
import greek from './fonts/noto-sans-greek-400-normal.woff'
import greekMore from './fonts/noto-sans-greek-ext-400-normal.woff'
import latin from './fonts/noto-sans-latin-400-normal.woff'
import heading from './fonts/noto-sans-latin-600-normal.woff'
import latinMore from './fonts/noto-sans-latin-ext-400-normal.woff'
import vietnamese from './fonts/noto-sans-vietnamese-400-normal.woff'

/** For our own words; whatever a client or a person wrote is set in the parts below. */
export const HEADING_FONT: readonly [string, Uint8Array] = ['heading', heading]

/** Noto Sans in parts, in the order in which a character is looked for. */
export const TEXT_FONTS: readonly (readonly [string, Uint8Array])[] = [
  ['latin', latin],
  ['latin-ext', latinMore],
  ['vietnamese', vietnamese],
  ['greek', greek],
  ['greek-ext', greekMore],
  ['cyrillic', cyrillic],
  ['cyrillic-ext', cyrillicMore],
  ['devanagari', devanagari],
]
