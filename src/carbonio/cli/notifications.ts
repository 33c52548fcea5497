/** Notifications that the mail host keeps: the only record of how a restore ended. */
import type { CallOptions, CarbonioCli } from '../cli';
import { notificationList, oneNotification } from '../parse/notification-list';
import type { Notification } from '../parse/notification';
import { valueWord } from './words';

/** All that it has; entries of a list may be without their text. */
export async function getNotifications(cli: CarbonioCli, options: CallOptions = {}): Promise<Notification[]> {
  return notificationList(await cli.call(['core', 'getNotification'], options));
}

/** One, with its whole text. */
export async function getNotification(
  cli: CarbonioCli,
  id: string,
  options: CallOptions = {},
): Promise<Notification> {
  const words = ['core', 'getNotification', 'id', valueWord('getNotification', 'id', id)];
  return oneNotification(await cli.call(words, options), id);
}
