/** Notifications of the system, as far as they are needed. electron-notifier.ts is the real one. */

/** Text only: nothing in it is read as markup. */
export interface NoticeCard {
  /** One that is shown replaces the one with the same id. */
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly onClick: () => void;
}

export interface Notifier {
  show(card: NoticeCard): void;
  /** Takes one away; does nothing when it is not there. */
  close(id: string): void;
}
