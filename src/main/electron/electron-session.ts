/** Electron's session of the pages, as the shell uses it. */
import { session } from 'electron';
import type { PageAnswer, PermissionWish } from '../desktop/desktop.ts';
import type { DesktopSession } from '../desktop/desktop.ts';

/** Behind `ready`. */
export function electronSession(): DesktopSession {
  return {
    decidePermissions,
    decideRequests: (decide) => {
      session.defaultSession.webRequest.onBeforeRequest(({ url }, answer) => {
        answer({ cancel: !decide(url) });
      });
    },
    decideDownloads: (decide) => {
      session.defaultSession.on('will-download', (event, item) => {
        const decision = decide(item.getURL(), item.getFilename());
        if (decision === 'refuse') return event.preventDefault();
        item.setSaveDialogOptions({ defaultPath: decision.saveAs });
      });
    },
    serve: (scheme, answer) => {
      session.defaultSession.protocol.handle(scheme, async ({ url, method }) =>
        responseOf(await answer({ url, method })),
      );
    },
  };
}

function decidePermissions(decide: (wish: PermissionWish) => boolean): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const media = 'mediaTypes' in details ? (details.mediaTypes ?? []) : [];
    const frame = details.isMainFrame ? 'main' : 'inner';
    answer(decide({ permission, origin: originOf(details.requestingUrl), frame, media }));
  });
  defaultSession.setPermissionCheckHandler((_contents, permission, origin, details) => {
    const media = details.mediaType === undefined ? [] : [details.mediaType];
    const frame = details.isMainFrame ? 'main' : 'inner';
    return decide({ permission, origin: origin.replace(/\/$/, ''), frame, media });
  });
  defaultSession.setDevicePermissionHandler(({ deviceType, origin }) =>
    decide({ permission: deviceType, origin, frame: 'main', media: [] }),
  );
  defaultSession.setDisplayMediaRequestHandler((_request, answer) => answer(null));
}

/** Node says `null` of schemes it does not know; Electron's `standard` ones have an origin. */
function originOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0] ?? '';
}

function responseOf({ status, headers, body }: PageAnswer): Response {
  return new Response(body === null ? null : Buffer.from(body), { status, headers });
}
