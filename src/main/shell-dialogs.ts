/** The questions of the app outside its page, and what their answers mean. */
import type { Say } from '../shared/messages/language.ts';
import { SHELL_TEXTS } from '../shared/messages/shell.ts';
import type { DesktopDialogs, DesktopWindow } from './desktop/desktop.ts';
import { shortName } from './short-text.ts';
import type { NumberQuestion } from './tray/link-copier.ts';

export type ShellSay = Say<(typeof SHELL_TEXTS)['en']>;

export interface ShellDialogsOptions {
  readonly dialogs: DesktopDialogs;
  /** In the language of the moment. */
  readonly say: () => ShellSay;
}

export class ShellDialogs {
  readonly #options: ShellDialogsOptions;

  constructor(options: ShellDialogsOptions) {
    this.#options = options;
  }

  async quit(connections: number, window: DesktopWindow | undefined): Promise<'quit' | 'stay'> {
    const say = this.#options.say();
    const answer = await this.#options.dialogs.ask(
      {
        kind: 'question',
        message: say('quitQuestion', { count: connections }),
        detail: '',
        buttons: [say('quit'), say('keepRunning')],
        cancel: 1,
      },
      window,
    );
    return answer === 0 ? 'quit' : 'stay';
  }

  /** A pairing that was begun without a window. */
  async compareNumbers({ digits, peerName, signal }: NumberQuestion): Promise<'match' | 'differ'> {
    const say = this.#options.say();
    const answer = await this.#options.dialogs.ask(
      {
        kind: 'question',
        message: `${digits.slice(0, 3)} ${digits.slice(3)}`,
        detail: say('compareDetail', { device: shortName(peerName, say('otherComputer')) }),
        // The default is what nothing is lost by: it may come up under a person who types.
        buttons: [say('theyDiffer'), say('theyMatch')],
        cancel: 0,
      },
      undefined,
      signal,
    );
    return answer === 1 ? 'match' : 'differ';
  }

  async inUse(pid: number): Promise<'again' | 'quit'> {
    const say = this.#options.say();
    const answer = await this.#options.dialogs.ask({
      kind: 'warning',
      message: say('inUse', { pid }),
      detail: say('inUseDetail'),
      buttons: [say('quitPorthole'), say('tryAgain')],
      cancel: 0,
    });
    return answer === 1 ? 'again' : 'quit';
  }

  /** `problem`: a sentence. */
  async cannotStart(problem: string): Promise<'again' | 'quit'> {
    const say = this.#options.say();
    const answer = await this.#options.dialogs.ask({
      kind: 'error',
      message: say('cannotStart'),
      detail: problem,
      buttons: [say('tryAgain'), say('quitPorthole')],
      cancel: 1,
    });
    return answer === 0 ? 'again' : 'quit';
  }

  async cannotRun(problem: string): Promise<void> {
    const say = this.#options.say();
    await this.#options.dialogs.ask({
      kind: 'error',
      message: say('cannotStart'),
      detail: problem,
      buttons: [say('quitPorthole')],
      cancel: 0,
    });
  }

  async keyUnreadable(problem: string): Promise<'again' | 'start-over' | 'quit'> {
    const say = this.#options.say();
    const answer = await this.#options.dialogs.ask({
      kind: 'error',
      message: say('keyUnreadable'),
      detail: `${say('keyUnreadableDetail')}\n\n${problem}`,
      buttons: [say('tryAgain'), say('startOver'), say('quitPorthole')],
      cancel: 2,
    });
    return (['again', 'start-over'] as const)[answer] ?? 'quit';
  }

  async startOver(): Promise<'yes' | 'no'> {
    const say = this.#options.say();
    const answer = await this.#options.dialogs.ask({
      kind: 'warning',
      message: say('startOverQuestion'),
      detail: say('startOverDetail'),
      buttons: [say('cancel'), say('startOver')],
      cancel: 0,
    });
    return answer === 1 ? 'yes' : 'no';
  }

  async notices(sentences: readonly string[]): Promise<void> {
    const say = this.#options.say();
    await this.#options.dialogs.ask({
      kind: 'info',
      message: say('startNotices'),
      detail: sentences.join('\n\n'),
      buttons: [say('ok')],
      cancel: 0,
    });
  }

  async pageStopped(): Promise<'open-again' | 'quit'> {
    const say = this.#options.say();
    const answer = await this.#options.dialogs.ask({
      kind: 'error',
      message: say('pageStopped'),
      detail: say('pageStoppedDetail'),
      buttons: [say('openAgain'), say('quitPorthole')],
      cancel: 0,
    });
    return answer === 0 ? 'open-again' : 'quit';
  }

  async closedWithoutNotification(title: string, body: string): Promise<void> {
    const say = this.#options.say();
    const buttons = [say('ok')] as const;
    await this.#options.dialogs.ask({
      kind: 'info',
      message: title,
      detail: body,
      buttons,
      cancel: 0,
    });
  }
}
