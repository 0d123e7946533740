/** How many columns of a terminal a character takes, by Unicode's East Asian Width and its rules for what is invisible. */

/** Marks on other characters, controls, and the middle and last letters of Korean syllables. */
const nothing =
  /^[\p{Grapheme_Extend}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\p{Cc}\u1160-\u11ff\ud7b0-\ud7c6\ud7cb-\ud7fb\u{605}\u{70f}\u{890}\u{891}\u{8e2}\u{d4e}\u{a8fa}\u{111c2}\u{111c3}\u{113d1}\u{1193f}\u{11941}\u{11a84}-\u{11a89}\u{11d46}\u{11f02}]$/u;

/** Half of a flag: narrow, although it is an emoji. */
const flagHalf = /^\p{Regional_Indicator}$/u;

const wide =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u17a4\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u3029\u3030-\u303e\u3041-\u3096\u309b-\u3163\u3165-\u3247\u3250-\ua4c6\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{16fe3}\u{16ff2}-\u{1b2fb}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]$/u;

/** `character`: one code point, no tab. */
export function characterWidth(character: string): 0 | 1 | 2 {
  if (character >= " " && character <= "~") return 1;
  if (character === "\u115f") return 2;
  if (nothing.test(character)) return 0;
  return wide.test(character) && !flagHalf.test(character) ? 2 : 1;
}
