/**
 * Opens a file of this computer in the person's browser, by the program that each system has for it.
 *
 * Invariant: no shell reads the path, and the path is no secret: others can see the arguments.
 */
import { spawn } from 'node:child_process';

interface Opener {
  readonly program: string;
  readonly args: readonly string[];
}

const OPENERS: Partial<Record<NodeJS.Platform, Opener>> = {
  darwin: { program: 'open', args: [] },
  // `start` is a word of the shell, not a program.
  win32: { program: 'rundll32.exe', args: ['url.dll,FileProtocolHandler'] },
};

/** Resolves once the program runs; whether a browser follows nobody tells. */
export function openInBrowser(path: string): Promise<'started' | 'no-browser'> {
  const { program, args } = OPENERS[process.platform] ?? { program: 'xdg-open', args: [] };
  return new Promise((resolve) => {
    const opener = spawn(program, [...args, path], { stdio: 'ignore', detached: true });
    opener.once('spawn', () => resolve('started'));
    opener.once('error', () => resolve('no-browser'));
    opener.unref();
  });
}
