/**
 * Language and theme of the page, as the person chose them.
 *
 * Invariant: they take effect at once; the last ones are known before the first answer, so that the
 * page does not change its colours while it opens.
 */
import { useEffect } from 'react';
import { LANGUAGES, resolveLanguage } from '../../shared/messages/language.ts';
import type { Language } from '../../shared/messages/language.ts';
import type { ShellView } from '../../shared/shell-calls.ts';

const LANGUAGE_KEY = 'porthole-language';
const THEME_KEY = 'porthole-theme';

/** Sets language and theme of the document; returns the language. */
export function usePreferences(shell: ShellView | null): Language {
  const language = shell === null ? rememberedLanguage() : languageOf(shell);
  const theme = shell?.preferences.theme ?? localStorage.getItem(THEME_KEY) ?? 'system';
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(LANGUAGE_KEY, language);
  }, [language]);
  useEffect(() => {
    applyTheme(theme);
    localStorage.setItem(THEME_KEY, theme);
  }, [theme]);
  return language;
}

/** Before anything is drawn. */
export function applyRememberedLook(): void {
  document.documentElement.lang = rememberedLanguage();
  applyTheme(localStorage.getItem(THEME_KEY) ?? 'system');
}

function languageOf({ preferences, languages }: ShellView): Language {
  const known = languages.length > 0 ? languages : navigator.languages;
  return resolveLanguage(preferences.language, known);
}

function rememberedLanguage(): Language {
  const remembered = localStorage.getItem(LANGUAGE_KEY);
  const language = LANGUAGES.find((each) => each === remembered);
  return language ?? resolveLanguage('system', navigator.languages);
}

function applyTheme(theme: string): void {
  const { dataset } = document.documentElement;
  if (theme === 'light' || theme === 'dark') dataset['theme'] = theme;
  else delete dataset['theme'];
}
