/**
 * What Unicode says of characters, taken from the host's own regular expressions: they know the properties, so no table
 * is shipped. A set is found by one search through all characters (some ten milliseconds) and kept.
 */
import { type Ranges } from "./ranges.ts";

/** Characters are gathered in pieces of this many, of which the surrogates are one. */
const CHUNK = 0x8_00;
const SURROGATE_FIRST = 0xd8_00;
const ASTRAL_FIRST = 0x1_00_00;

let everyCharacter: string | undefined;

/** All 1,112,064 characters in order. */
function characters(): string {
  if (everyCharacter !== undefined) return everyCharacter;
  const parts: string[] = [];
  for (let start = 0; start <= 0x10_ff_ff; start += CHUNK) {
    if (start === SURROGATE_FIRST) continue;
    parts.push(String.fromCodePoint(...Array.from({ length: CHUNK }, (_, index) => start + index)));
  }
  return (everyCharacter = parts.join(""));
}

/** The character whose first unit is at `index` of all characters. */
function codePointAt(index: number): number {
  if (index < SURROGATE_FIRST) return index;
  const astral = ASTRAL_FIRST - CHUNK;
  return index < astral ? index + CHUNK : ASTRAL_FIRST + (index - astral) / 2;
}

const found = new Map<string, Ranges>();

/** Of what stands between the brackets of a class of the host's regular expressions in `v` mode. */
function rangesOfClass(source: string): Ranges {
  let ranges = found.get(source);
  if (ranges === undefined) {
    const flat: number[] = [];
    for (const { 0: run, index } of characters().matchAll(new RegExp(`[${source}]+`, "gv")))
      flat.push(codePointAt(index), codePointAt(index + run.length) - 1);
    found.set(source, (ranges = flat));
  }
  return ranges;
}

type PropertyProblem = "no-property" | "no-value";

/** Of `\p{…}`: one name, or a property's name and a value. */
export function propertyRanges(name: string, value: string | undefined): Ranges | PropertyProblem {
  const known = normal(name);
  if (value === undefined) return binaryOrValue(known);
  if (known === "gc" || known === "generalcategory") return category(normal(value)) ?? "no-value";
  if (known === "sc" || known === "script") return script("Script", normal(value)) ?? "no-value";
  if (known === "scx" || known === "scriptextensions")
    return script("Script_Extensions", normal(value)) ?? "no-value";
  return "no-property";
}

function binaryOrValue(name: string): Ranges | PropertyProblem {
  // `cf`, `sc` and `lc` are also short for properties, but nobody means those.
  const binary = name === "cf" || name === "sc" || name === "lc" ? undefined : binaryProperties.get(name);
  if (binary !== undefined) return rangesOfClass(`\\p{${binary}}`);
  return category(name) ?? script("Script", name) ?? "no-property";
}

/** Case, spaces, underscores, dashes and a leading `is` do not count. */
function normal(name: string): string {
  const letters = name.replaceAll(/[\s_-]/gu, "").toLowerCase();
  // `isc` is a property's own name.
  return letters.startsWith("is") && letters !== "isc" ? letters.slice(2) : letters;
}

function category(name: string): Ranges | undefined {
  if (name === "any") return rangesOfClass("\\p{Any}");
  if (name === "assigned") return rangesOfClass("\\p{Assigned}");
  if (name === "ascii") return rangesOfClass("\\p{ASCII}");
  const known = categories.get(name);
  return known === undefined ? undefined : rangesOfClass(`\\p{${known}}`);
}

function script(property: string, name: string): Ranges | undefined {
  const known =
    longScripts.get(name) ?? (/^[a-z]+$/u.test(name) ? name[0]!.toUpperCase() + name.slice(1) : undefined);
  if (known === undefined) return undefined;
  try {
    return rangesOfClass(`\\p{${property}=${known}}`);
  } catch {
    // The host knows no such script.
    return undefined;
  }
}

function byNormalName(names: string): ReadonlyMap<string, string> {
  return new Map(names.split(/\s+/u).map((name) => [normal(name), name]));
}

/** Each also by its long names; the short ones are what the host is asked for. */
const categories: ReadonlyMap<string, string> = new Map(
  (
    "Lu=Uppercase_Letter Ll=Lowercase_Letter Lt=Titlecase_Letter LC=Cased_Letter Lm=Modifier_Letter Lo=Other_Letter " +
    "L=Letter Mn=Nonspacing_Mark Mc=Spacing_Mark Me=Enclosing_Mark M=Mark,Combining_Mark Nd=Decimal_Number,digit " +
    "Nl=Letter_Number No=Other_Number N=Number Pc=Connector_Punctuation Pd=Dash_Punctuation Ps=Open_Punctuation " +
    "Pe=Close_Punctuation Pi=Initial_Punctuation Pf=Final_Punctuation Po=Other_Punctuation P=Punctuation,punct " +
    "Sm=Math_Symbol Sc=Currency_Symbol Sk=Modifier_Symbol So=Other_Symbol S=Symbol Zs=Space_Separator " +
    "Zl=Line_Separator Zp=Paragraph_Separator Z=Separator Cc=Control,cntrl Cf=Format Cs=Surrogate Co=Private_Use " +
    "Cn=Unassigned C=Other"
  )
    .split(" ")
    .flatMap((entry) => {
      const [short = "", long = ""] = entry.split("=");
      return [short, ...long.split(",")].map((name) => [normal(name), short] as const);
    }),
);

const binaryProperties: ReadonlyMap<string, string> = byNormalName(
  "AHex ASCII_Hex_Digit Alpha Alphabetic Bidi_C Bidi_Control Bidi_M Bidi_Mirrored CI Case_Ignorable Cased CWCF " +
    "Changes_When_Casefolded CWCM Changes_When_Casemapped CWL Changes_When_Lowercased CWT Changes_When_Titlecased " +
    "CWU Changes_When_Uppercased Dash DI Default_Ignorable_Code_Point Dep Deprecated Dia Diacritic Emoji EMod " +
    "Emoji_Modifier EBase Emoji_Modifier_Base EComp Emoji_Component EPres Emoji_Presentation ExtPict " +
    "Extended_Pictographic Ext Extender Gr_Base Grapheme_Base Gr_Ext Grapheme_Extend Hex Hex_Digit IDSB " +
    "IDS_Binary_Operator IDST IDS_Trinary_Operator IDC ID_Continue IDS ID_Start Ideo Ideographic Join_C Join_Control " +
    "LOE Logical_Order_Exception Lower Lowercase Math NChar Noncharacter_Code_Point Pat_Syn Pattern_Syntax Pat_WS " +
    "Pattern_White_Space QMark Quotation_Mark Radical RI Regional_Indicator STerm Sentence_Terminal SD Soft_Dotted " +
    "Term Terminal_Punctuation UIdeo Unified_Ideograph Upper Uppercase VS Variation_Selector space WSpace White_Space XIDC " +
    "XID_Continue XIDS XID_Start",
);

/** Scripts whose names are of more than one word; all others are their normal name with a capital. */
const longScripts: ReadonlyMap<string, string> = byNormalName(
  "Anatolian_Hieroglyphs Beria_Erfe Canadian_Aboriginal Caucasian_Albanian Cypro_Minoan Dives_Akuru " +
    "Egyptian_Hieroglyphs Garay Gunjala_Gondi Gurung_Khema Hanifi_Rohingya Imperial_Aramaic Inscriptional_Pahlavi " +
    "Inscriptional_Parthian Kayah_Li Khitan_Small_Script Kirat_Rai Linear_A Linear_B Masaram_Gondi Meetei_Mayek " +
    "Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Nag_Mundari New_Tai_Lue Nyiakeng_Puachue_Hmong Nko " +
    "Ol_Chiki Ol_Onal Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian " +
    "Old_South_Arabian Old_Turkic Old_Uyghur Pahawh_Hmong Pau_Cin_Hau Phags_Pa Psalter_Pahlavi SignWriting " +
    "Sora_Sompeng Sunuwar Syloti_Nagri Tai_Le Tai_Tham Tai_Viet Tai_Yo Tolong_Siki Tulu_Tigalari Warang_Citi " +
    "Zanabazar_Square",
);
