/**
 * The words of notifications.
 *
 * Invariant: names of strangers are printable and short, and hold nothing that a Linux desktop would
 * read as markup in a body (Desktop Notifications Specification, "Markup"; titles have none).
 */
import type { ForwardView } from '../../shared/contract.ts';
import { sayIn } from '../../shared/messages/language.ts';
import type { Language } from '../../shared/messages/language.ts';
import { NOTICES } from '../../shared/messages/notices.ts';
import { shortName } from '../short-text.ts';
import type { News } from './notice-policy.ts';

export interface NoticeWords {
  readonly title: string;
  readonly body: string;
}

export interface NoticeSubject {
  readonly news: News;
  /** Short device id. */
  readonly peer: string;
  /** As the device calls itself. */
  readonly peerName: string;
}

export function noticeText(
  { news, peer, peerName }: NoticeSubject,
  language: Language,
): NoticeWords {
  const say = sayIn(NOTICES, language);
  const device = shortName(peerName, peer);
  switch (news.kind) {
    case 'request':
      return { title: say('requestTitle', { device }), body: say('requestBody') };
    case 'paired':
      return { title: say('pairedTitle', { device }), body: say('pairedBody') };
    case 'lost':
      return {
        title: say('lostTitle', { device }),
        body: say('lostBody', { count: news.connections }),
      };
    case 'back':
      return { title: say('backTitle', { device }), body: say('backBody') };
    case 'shares':
      return sharesText(news.shares, device, language);
    case 'other-key':
      return { title: say('otherKeyTitle', { device }), body: say('otherKeyBody') };
  }
}

function sharesText(
  shares: readonly ForwardView[],
  device: string,
  language: Language,
): NoticeWords {
  const say = sayIn(NOTICES, language);
  const [first] = shares;
  if (first === undefined || shares.length > 1) {
    const title = say('sharesTitle', { device, count: shares.length });
    return { title, body: say('sharesBody') };
  }
  const port = first.sharedPort;
  const name = withoutMarkup(shortName(first.name, ''));
  const isNamed = name !== '' && name !== String(port);
  const body = isNamed ? say('shareBody', { port, name }) : say('shareBare', { port });
  return { title: say('shareTitle', { device }), body };
}

const HARMLESS: Readonly<Record<string, string>> = { '<': '‹', '>': '›', '&': '＆' };

function withoutMarkup(name: string): string {
  return name.replaceAll(/[<>&]/g, (sign) => HARMLESS[sign] ?? sign);
}
