/**
 * Notifications by Electron's Notification, which is passed in: nothing here is there at run time but
 * what the main process gives.
 *
 * Invariant: holds each notification until it is closed, for one that is collected takes no clicks.
 * What the system refuses to show (macOS: an unsigned app) is let go; the activity list has it too.
 */
import type { Notification, NotificationConstructorOptions } from 'electron';
import type { Notifier } from './notifier.ts';

type UsedNotification = Pick<Notification, 'on' | 'show' | 'close'>;

/** What of Electron is used. */
export interface NotificationMaker {
  new (options: NotificationConstructorOptions): UsedNotification;
  isSupported(): boolean;
}

export function electronNotifier(Notification: NotificationMaker): Notifier {
  const open = new Map<string, UsedNotification>();
  const close = (id: string): void => {
    const notification = open.get(id);
    open.delete(id);
    notification?.close();
  };
  return {
    close,
    show: ({ id, title, body, onClick }) => {
      if (!Notification.isSupported()) return;
      close(id);
      const notification = new Notification({ id, title, body });
      const forget = (): void => {
        if (open.get(id) === notification) open.delete(id);
      };
      notification.on('click', () => {
        forget();
        onClick();
      });
      notification.on('close', forget);
      notification.on('failed', forget);
      open.set(id, notification);
      notification.show();
    },
  };
}
