/**
 * Texts that a person reads, in three languages: how a language is chosen, and how a text is made of
 * a catalogue's. Pure: menus, notifications and pages use the same.
 *
 * Invariant: a catalogue has the same keys and the same `{blanks}` in every language, or it does not
 * compile; what fills a blank is never read as a text with blanks again.
 */

export const LANGUAGES = ['en', 'zh-Hant', 'zh-Hans'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text, or one for each plural category that its language has (CLDR); `{count}` chooses. */
export type Text = string | { readonly one?: string; readonly other: string };
type Texts = Readonly<Record<string, Text>>;

type BlanksOfString<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | BlanksOfString<Rest>
  : never;
/** Names of the blanks of a text. */
type BlanksOf<T extends Text> = T extends string
  ? BlanksOfString<T>
  : T extends { readonly other: infer Other extends string }
    ? BlanksOfString<Other> | 'count'
    : never;

/** `Other` where it has the same keys and blanks as `En`; else what does not fit. */
type Matching<En extends Texts, Other extends Texts> = {
  readonly [Key in keyof En]: Key extends keyof Other
    ? [BlanksOf<En[Key]>, BlanksOf<Other[Key]>] extends [BlanksOf<Other[Key]>, BlanksOf<En[Key]>]
      ? Other[Key]
      : never
    : Text;
} & { readonly [Key in Exclude<keyof Other, keyof En>]: never };

/** Texts of one area. */
export interface Catalogue<En extends Texts = Texts> {
  readonly en: En;
  readonly 'zh-Hant': { readonly [Key in keyof En]: Text };
  readonly 'zh-Hans': { readonly [Key in keyof En]: Text };
}

/** A catalogue of three literals, checked against each other by the compiler. */
export function catalogue<
  const En extends Texts,
  const Hant extends Texts,
  const Hans extends Texts,
>(texts: {
  readonly en: En;
  readonly 'zh-Hant': Hant & Matching<En, Hant>;
  readonly 'zh-Hans': Hans & Matching<En, Hans>;
}): Catalogue<En> {
  return texts;
}

/** What has to be given to fill a text. */
export type Blanks<T extends Text, Value> = [BlanksOf<T>] extends [never]
  ? []
  : [blanks: Readonly<Record<BlanksOf<T>, Value>>];

/** Looks texts of one catalogue up in one language. */
export type Say<En extends Texts> = <Key extends keyof En & string>(
  key: Key,
  ...blanks: Blanks<En[Key], string | number>
) => string;

/** See `Say`; numbers are written as the language does. */
export function sayIn<En extends Texts>(of: Catalogue<En>, language: Language): Say<En> {
  return (key, ...[blanks]) => {
    const values = (blanks ?? {}) as Readonly<Record<string, string | number>>;
    return fill(pickText(of, language, key, values['count']), values, language);
  };
}

/** The string of a text for this count. */
export function pickText<En extends Texts>(
  of: Catalogue<En>,
  language: Language,
  key: keyof En & string,
  count: unknown,
): string {
  const text = of[language][key];
  if (text === undefined) return key;
  if (typeof text === 'string') return text;
  const isOne = typeof count === 'number' && pluralIn(language).select(count) === 'one';
  return (isOne ? text.one : undefined) ?? text.other;
}

/** `text` with its blanks filled; one that nothing is given for stays. */
export function fill(
  text: string,
  values: Readonly<Record<string, string | number>>,
  language: Language = 'en',
): string {
  return text.replaceAll(/\{(\w+)\}/g, (blank, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) return blank;
    return typeof value === 'number' ? numberIn(language).format(value) : value;
  });
}

/**
 * The language to use: what the person chose, or else the first of the system's BCP 47 tags that
 * there is one for. Taiwan, Hong Kong and Macau write traditional Chinese unless the tag says not.
 */
export function resolveLanguage(
  preference: 'system' | Language,
  systemTags: readonly string[],
): Language {
  if (preference !== 'system') return preference;
  for (const tag of systemTags) {
    const language = languageOfTag(tag);
    if (language !== undefined) return language;
  }
  return 'en';
}

function languageOfTag(tag: string): Language | undefined {
  const [primary, ...rest] = tag.toLowerCase().split(/[-_]/);
  if (primary === 'en') return 'en';
  if (primary === 'yue' && !rest.includes('hans')) return 'zh-Hant';
  if (primary !== 'zh' && primary !== 'yue') return undefined;
  if (rest.includes('hant')) return 'zh-Hant';
  if (rest.includes('hans')) return 'zh-Hans';
  return rest.some((part) => ['tw', 'hk', 'mo'].includes(part)) ? 'zh-Hant' : 'zh-Hans';
}

const plurals = new Map<Language, Intl.PluralRules>();
const numbers = new Map<Language, Intl.NumberFormat>();

function pluralIn(language: Language): Intl.PluralRules {
  const rules = plurals.get(language) ?? new Intl.PluralRules(language);
  plurals.set(language, rules);
  return rules;
}

function numberIn(language: Language): Intl.NumberFormat {
  // Ports and counts: a separator in 5432 would make it another thing.
  const format = numbers.get(language) ?? new Intl.NumberFormat(language, { useGrouping: false });
  numbers.set(language, format);
  return format;
}
