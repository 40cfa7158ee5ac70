/** When something was, in the words of the page. */
import { DEVICES } from '../../../shared/messages/devices.ts';
import { whenWas } from '../../state/format.ts';
import { useLanguage, useWords } from '../../state/words.ts';

export function useWhen(): (iso: string | null) => string {
  const { say } = useWords(DEVICES);
  const language = useLanguage();
  return (iso) => {
    const when = whenWas(iso, Date.now(), language);
    switch (when.kind) {
      case 'never':
        return say('never');
      case 'onDay':
        return say('onDay', { day: when.day });
      case 'today':
      case 'yesterday':
        return say(when.kind, { time: when.time });
    }
  };
}
