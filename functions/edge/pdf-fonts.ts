import cyrillic from '@fontsource/noto-sans/files/noto-sans-cyrillic-400-normal.woff'
import cyrillicMore from '@fontsource/noto-sans/files/noto-sans-cyrillic-ext-400-normal.woff'
import devanagari from '@fontsource/noto-sans/files/noto-sans-devanagari-400-normal.woff'
import greek from '@fontsource/noto-sans/files/noto-sans-greek-400-normal.woff'
import greekMore from '@fontsource/noto-sans/files/noto-sans-greek-ext-400-normal.woff'
import latin from '@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff'
import heading from '@fontsource/noto-sans/files/noto-sans-latin-600-normal.woff'
import latinMore from '@fontsource/noto-sans/files/noto-sans-latin-ext-400-normal.woff'
import vietnamese from '@fontsource/noto-sans/files/noto-sans-vietnamese-400-normal.woff'

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
