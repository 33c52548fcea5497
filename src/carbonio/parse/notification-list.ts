/**
 * Answers of `core getNotification`. The text of one notification is known; how a list is printed, and any JSON, is not
 * (U). So: in JSON every object with an id and a subject or a text is a notification, whatever the members around it.
 */
import { isObject, type Answer } from './answer';
import { unknownOutput } from './excerpt';
import { parseNotification, type Notification } from './notification';

const DEEPEST = 64;
const TEXTS = ['text', 'body', 'message', 'content'];
const SUBJECTS = ['subject', 'title'];

/** @throws Problem `UnknownOutput` for text, and for JSON without any notification that is not plainly empty */
export function notificationList(answer: Answer): Notification[] {
  if (answer.form === 'text') throw unknownOutput('The list of notifications (it is not JSON)', answer.raw);
  const found = answer.hosts.flatMap(({ response }) => collect(response, 0));
  const empty = answer.hosts.length > 0 && answer.hosts.every(({ response }) => isEmpty(response));
  if (found.length === 0 && !empty) throw unknownOutput('The list of notifications', answer.raw);
  return found;
}

/** @throws Problem `UnknownOutput` when there is no text, or more than one notification */
export function oneNotification(answer: Answer, id: string): Notification {
  if (answer.form === 'text') {
    if (!/^\s*(Subject|Operation Id)\s*:/im.test(answer.raw))
      throw unknownOutput('The notification', answer.raw);
    return parseNotification(answer.raw, id);
  }
  const [first, ...more] = answer.hosts.flatMap(({ response }) =>
    typeof response === 'string' ? [parseNotification(response, id)] : collect(response, 0, id),
  );
  if (first === undefined || more.length > 0) throw unknownOutput('The notification', answer.raw);
  return first;
}

function collect(json: unknown, depth: number, known: string | null = null): Notification[] {
  if (depth > DEEPEST) throw unknownOutput('JSON that is nested this deep', '');
  if (Array.isArray(json)) return json.flatMap((element) => collect(element, depth + 1, known));
  if (!isObject(json)) return [];
  const subject = textOf(json, SUBJECTS);
  const text = textOf(json, TEXTS);
  const id = textOf(json, ['id', 'notificationId', 'uuid']) ?? known;
  if (id === null || (subject ?? text) === undefined) {
    return Object.values(json).flatMap((member) => collect(member, depth + 1, known));
  }
  // members of their own are put where the text form has them
  const head = subject === undefined || /^\s*Subject:/m.test(text ?? '') ? '' : `Subject: ${subject}\n`;
  const date = textOf(json, ['date', 'timestamp', 'time']);
  const read = parseNotification(`${head}${text ?? ''}`, id);
  return [{ ...read, date: read.date ?? date ?? null }];
}

function textOf(json: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

/** An empty list, or an object of nothing but empty lists. */
function isEmpty(response: unknown): boolean {
  if (Array.isArray(response)) return response.length === 0;
  if (!isObject(response)) return false;
  const lists = Object.values(response).filter(Array.isArray);
  return lists.length > 0 && lists.every((list) => list.length === 0);
}
