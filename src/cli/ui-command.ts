/** `porthole ui`: the link to the page of the Porthole that runs, or the page itself in the browser. */
import { writeOpeningFile } from '../control/web-ui/welcome.ts';
import type { PortholeApi } from '../shared/calls/api.ts';
import { portholeError } from '../shared/errors.ts';
import { ask } from './ask.ts';
import type { CommandIo } from './ask.ts';
import { openInBrowser } from './open-in-browser.ts';

export interface UiCommandOptions {
  readonly dataDir: string;
  readonly browser: 'open' | 'leave';
}

export async function uiCommand(
  api: PortholeApi,
  { dataDir, browser }: UiCommandOptions,
  { reporter, signal }: CommandIo,
): Promise<void> {
  const { url } = await ask(api, { name: 'ui', params: {}, signal });
  if (url === null) throw portholeError('E_NO_UI');
  reporter.event('ui', { url }, `Open ${url} in a browser of this computer.`);
  if (browser === 'leave') return;
  const outcome = await openInBrowser(writeOpeningFile(dataDir, url));
  reporter.aside(
    outcome === 'no-browser'
      ? 'No browser could be started. Copy the link into one.'
      : 'If no page opens, copy the link: a browser from Snap or Flatpak may not read the file that leads there.',
  );
}
