/** What is wrong with what was entered, in words. */
import { SETTINGS_SERVERS_MAX } from '../../../shared/limits.ts';
import type { Say } from '../../../shared/messages/language.ts';
import type { SETTINGS } from '../../../shared/messages/settings.ts';
import type { Complaint } from './setting-checks.ts';

export function complain(say: Say<(typeof SETTINGS)['en']>, complaint: Complaint): string {
  return complaint === 'tooMany' ? say(complaint, { count: SETTINGS_SERVERS_MAX }) : say(complaint);
}
