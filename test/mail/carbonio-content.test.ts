/** Which way content goes to a Carbonio server: within the request, or brought before it. Its bytes are the same. */
import type { StandIn } from '../../src/embedded/carbonio/start';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { userName } from './servers/kit';
import { Recorder, type Exchange } from './servers/recorder';
import { boxLines, digestOf, standInFor, targetUrl } from './servers/stand-in';

let bench: RestoreBench;
let standIn: StandIn;
let recorder: Recorder;
let target: string;
beforeEach(async () => {
  bench = new RestoreBench();
  standIn = await standInFor(bench);
  recorder = new Recorder(standIn.settings.soapPort);
  target = targetUrl(standIn, '', await recorder.start());
  bench.store.writer.account(accountInfo('acc-1', userName(1)));
});
afterEach(async () => {
  await recorder.stop();
  await standIn.stop();
  bench.remove();
});

type Way = 'within' | 'uploaded';
interface Case {
  readonly what: string;
  readonly way: Way;
  readonly type: 'm' | 'cn' | 'appt';
  readonly content: Buffer;
}

interface Carrier {
  readonly aid?: string;
  readonly _content?: string;
}
interface Requests {
  readonly AddMsgRequest?: { readonly m: { readonly aid?: string; readonly content?: Carrier } };
  readonly CreateContactRequest?: { readonly cn: { readonly vcard: Carrier } };
  readonly ImportAppointmentsRequest?: { readonly content: Carrier };
}

/** What was sent, and how, by what it is: bytes that are none of these cases' have a name of their own. */
function ways(exchanges: readonly Exchange[], cases: readonly Case[]): Record<string, Way> {
  const uploads = new Map<string, Buffer>();
  const known = new Map(cases.map(({ what, type, content }) => [digestOf(type, content), what]));
  const found: Record<string, Way> = {};
  for (const { path, body, answer } of exchanges) {
    if (path.startsWith('/service/upload')) {
      uploads.set(/^200,'null','([^']+)'/.exec(answer.toString())?.[1] ?? '?', body);
      continue;
    }
    if (path !== '/service/soap') continue;
    const { AddMsgRequest, CreateContactRequest, ImportAppointmentsRequest } = (
      JSON.parse(body.toString()) as { Body: Requests }
    ).Body;
    const m = AddMsgRequest?.m;
    const message = m?.aid === undefined ? m?.content : { aid: m.aid };
    const carrier: Carrier | undefined =
      message ?? CreateContactRequest?.cn.vcard ?? ImportAppointmentsRequest?.content;
    if (carrier === undefined) continue;
    const { aid, _content: text = '' } = carrier;
    const bytes = aid === undefined ? Buffer.from(text) : (uploads.get(aid) ?? Buffer.from('no upload'));
    const digest = digestOf(m === undefined ? 'cn' : 'm', bytes);
    found[known.get(digest) ?? `other bytes: ${digest}`] = aid === undefined ? 'within' : 'uploaded';
  }
  return found;
}

const expectedWays = (cases: readonly Case[]): Record<string, Way> =>
  Object.fromEntries(cases.map(({ what, way }) => [what, way]));

/** Digests of what the server has, sorted. */
const stored = (): string[] =>
  boxLines(standIn, userName(1))
    .map((text) => text.split(' ').at(-1) ?? '')
    .sort();

const sized = (bytes: number): Buffer => {
  const head = 'Subject: sized\r\n\r\n';
  return Buffer.from(`${head}${'x'.repeat(bytes - head.length - 2)}\r\n`);
};

test('messages: plain ones that are small within the request, all others are uploaded', async () => {
  const m = (what: string, way: Way, content: Buffer | string): Case => ({
    what,
    way,
    type: 'm',
    content: typeof content === 'string' ? Buffer.from(content) : content,
  });
  const cases = [
    m('plain', 'within', mail('plain')),
    m('a tab, and no line end behind the last line', 'within', 'Subject: a\r\n\tb\r\n\r\nend'),
    m('as large as it may be', 'within', sized(64 * 1024)),
    m('a byte more', 'uploaded', sized(64 * 1024 + 1)),
    m('so large that it is streamed', 'uploaded', mail('large', 'lines of text\r\n'.repeat(600_000))),
    m('UTF-8', 'uploaded', mail('Grüße', '会議')),
    m('Latin-1', 'uploaded', Buffer.from('Subject: Gr\xfc\xdfe\r\n\r\n\xff\r\n', 'latin1')),
    m('LF', 'uploaded', 'Subject: lf\n\nline\n'),
    m('a lone CR', 'uploaded', 'Subject: cr\r\n\r\na\rb\r\n'),
    m('NUL', 'uploaded', 'Subject: nul\r\n\r\n\0\r\n'),
  ];
  cases.forEach(({ content }, i) => bench.store.message('acc-1', 1000 + i, content));
  const { counters } = await bench.restore({ target });
  expect(counters).toMatchObject({ restored: cases.length, unrestored: 0 });
  expect(ways(recorder.exchanges, cases)).toEqual(expectedWays(cases));
  expect(stored()).toEqual(cases.map(({ content }) => digestOf('m', content)).sort());
}, 60_000);

test('contacts and appointments: within the request when they are small and UTF-8, else uploaded', async () => {
  const card = (name: string, more = ''): string =>
    `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:${name}\r\n${more}END:VCARD\r\n`;
  const entry = (uid: string, more = ''): string =>
    `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTART:20250101T100000Z\r\n` +
    `${more}END:VEVENT\r\nEND:VCALENDAR\r\n`;
  const photo = `PHOTO;ENCODING=b:${`${'A'.repeat(70)}\r\n `.repeat(1000)}A\r\n`;
  const fete = 'SUMMARY:Fête\r\n';
  const long = `DESCRIPTION:${'y'.repeat(70_000)}\r\n`;
  const cases: Case[] = [
    { what: 'a contact', way: 'within', type: 'cn', content: Buffer.from(card('Jörg')) },
    { what: 'one in Latin-1', way: 'uploaded', type: 'cn', content: Buffer.from(card('Jörg'), 'latin1') },
    { what: 'one with a picture', way: 'uploaded', type: 'cn', content: Buffer.from(card('Ann', photo)) },
    { what: 'an appointment', way: 'within', type: 'appt', content: Buffer.from(entry('u1', fete)) },
    { what: 'of Latin-1', way: 'uploaded', type: 'appt', content: Buffer.from(entry('u2', fete), 'latin1') },
    { what: 'a long one', way: 'uploaded', type: 'appt', content: Buffer.from(entry('u3', long)) },
  ];
  cases.forEach(({ type, content }, i) => {
    const isContact = type === 'cn';
    const kind = { type: isContact ? 'contact' : 'appointment', folder: isContact ? 7 : 10 } as const;
    bench.store.message('acc-1', 1000 + i, content, kind);
  });
  const { counters } = await bench.restore({ target });
  expect(counters).toMatchObject({ restored: cases.length, unrestored: 0 });
  expect(ways(recorder.exchanges, cases)).toEqual(expectedWays(cases));
  expect(stored()).toEqual(cases.map(({ type, content }) => digestOf(type, content)).sort());
}, 60_000);
