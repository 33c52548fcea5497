/** Puts one item into a mailbox, and says what became of it. */
import type { DeliveryOutcome, OutgoingMessage } from '../target';
import { marked, sentMessage, sentText, type Sent } from './content';
import type { SoapFault } from './fault';
import { firstOf, idIn, listOf } from './json';
import type { AccountSession } from './session';
import { addTags, tagNames } from './tags';

/** The letters that the server knows for items (mail-server reference, section 5). */
const FLAGS = /[^ufarswdxn!?+v]/g;

export const FULL: ReadonlySet<string> = new Set(['mail.QUOTA_EXCEEDED', 'mail.DOMAIN_QUOTA_EXCEEDED']);

export interface Injected {
  readonly outcome: DeliveryOutcome;
  /** Of what was made. */
  readonly ids: readonly number[];
}

const accepted = (notes: readonly string[], ids: readonly number[]): Injected => ({
  outcome: { kind: 'accepted', notes },
  ids,
});
const invalid = (reason: string): Injected => ({ outcome: { kind: 'invalid', reason }, ids: [] });

/** What is sent, prepared before it is counted as being on its way: large content is brought to the server here. */
export interface Prepared {
  readonly kind: 'message' | 'contact' | 'calendar';
  readonly message: OutgoingMessage;
  readonly content: Sent;
}

export async function prepare(
  session: AccountSession,
  message: OutgoingMessage,
): Promise<Prepared | { readonly refusal: string }> {
  const { content, type = 'message' } = message;
  if (type === 'message') return { kind: 'message', message, content: await sentMessage(session, content) };
  const kind = type === 'contact' ? 'contact' : 'calendar';
  const bytes = await marked(content, kind === 'contact' ? 'VCARD' : 'VCALENDAR', message);
  if (bytes === null) return { refusal: kind === 'contact' ? 'it is no vCard' : 'it is no iCalendar entry' };
  const mime = kind === 'contact' ? 'text/vcard' : 'text/calendar';
  return { kind, message, content: await sentText(session, bytes, mime) };
}

/** @param folder its id there @throws SoapFault when the server refuses it, Problem when nobody knows what became of it */
export async function inject(
  session: AccountSession,
  folder: number,
  { kind, message, content }: Prepared,
): Promise<Injected> {
  const l = String(folder);
  const tn = tagNames(message.tags);
  if (kind === 'message') return addMessage(session, { l, message, tn, content });
  if (kind === 'contact') {
    const cn = { l, ...(tn === '' ? {} : { tn }), vcard: content };
    const answer = await session.call('CreateContact', { cn });
    const made = idIn(firstOf(answer, 'cn', 'CreateContact'), 'CreateContact');
    return accepted(lost(message, 'contact'), [made]);
  }
  return importCalendar(session, message, { l, content });
}

async function addMessage(
  session: AccountSession,
  { l, message, tn, content }: { l: string; message: OutgoingMessage; tn: string; content: Sent },
): Promise<Injected> {
  const { flags, date } = message;
  // invitations make no appointments: those come from the backup themselves
  const m = { l, f: flags.replace(FLAGS, ''), d: date, noICal: 1 };
  const body = '_content' in content ? { content } : content;
  const answer = await session.call('AddMsg', { m: { ...m, ...(tn === '' ? {} : { tn }), ...body } });
  const [made] = listOf(answer, 'm');
  if (made !== undefined) return accepted([], [idIn(made, 'AddMsg')]);
  return { outcome: { kind: 'doubtful', reason: 'the server took it and names no message' }, ids: [] };
}

/** A bad entry is passed over by the server without a word, so what it made is counted. */
async function importCalendar(
  session: AccountSession,
  message: OutgoingMessage,
  { l, content }: { l: string; content: Sent },
): Promise<Injected> {
  const answer = await session.call('ImportAppointments', { ct: 'text/calendar', l, content });
  const made = firstOf(answer, 'appt', 'ImportAppointments');
  const ids = [...(typeof made['ids'] === 'string' ? made['ids'] : '').matchAll(/(?:^|,)(\d+)-\d+/g)].map(
    ([, id]) => Number(id),
  );
  const wanted = Number(made['n']);
  if (ids.length === 0) return invalid('the server can do nothing with this entry of a calendar');
  const notes = lost(message, 'entry of a calendar');
  if (ids.length < wanted) notes.push(`of its ${wanted} parts the server took ${ids.length}`);
  const distinct = [...new Set(ids)];
  // the import takes no tags
  notes.push(...(await addTags(session, distinct, message.tags)));
  return accepted(notes, distinct);
}

function lost({ flags }: OutgoingMessage, what: string): string[] {
  return flags.includes('f') ? [`a ${what} is taken without its flag`] : [];
}

/** How an item that the server refuses is told of. */
export function refusalOf(fault: SoapFault): string {
  return `${FULL.has(fault.code) ? 'the mailbox is over quota' : 'the server refuses it'}: ${fault.words}`;
}
