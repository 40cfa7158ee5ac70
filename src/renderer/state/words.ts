/** Texts of a catalogue in the language of the page. */
import { createContext, createElement, Fragment, useContext, useMemo } from 'react';
import type { ReactNode } from 'react';
import { pickText, sayIn } from '../../shared/messages/language.ts';
import type { Blanks, Catalogue, Language, Say, Text } from '../../shared/messages/language.ts';

export const LanguageContext = createContext<Language>('en');

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

export interface Words<En extends Readonly<Record<string, Text>>> {
  /** As a string, for attributes and titles. */
  readonly say: Say<En>;
  /** As content: every value that fills a blank is isolated, so that it cannot turn the text around it. */
  readonly show: <Key extends keyof En & string>(
    key: Key,
    ...blanks: Blanks<En[Key], ReactNode>
  ) => ReactNode;
}

export function useWords<En extends Readonly<Record<string, Text>>>(of: Catalogue<En>): Words<En> {
  const language = useLanguage();
  return useMemo(() => wordsOf(of, language), [of, language]);
}

function wordsOf<En extends Readonly<Record<string, Text>>>(
  of: Catalogue<En>,
  language: Language,
): Words<En> {
  return {
    say: sayIn(of, language),
    show: (key, ...[blanks]) => {
      const values = (blanks ?? {}) as Readonly<Record<string, ReactNode>>;
      return rich(pickText(of, language, key, values['count']), values);
    },
  };
}

function rich(text: string, values: Readonly<Record<string, ReactNode>>): ReactNode {
  const parts = text.split(/\{(\w+)\}/g).map((part, index) => {
    if (index % 2 === 0) return part;
    return createElement('bdi', { key: index }, values[part] ?? `{${part}}`);
  });
  return createElement(Fragment, null, ...parts);
}
