/**
 * The least that a client can do: messages from memory, over a few connections, no folders, flags, ledger or look-ups. They
 * share no code with the product. The *plain* ones know no more of the protocol than they must; the others send what the
 * product sends.
 */
import { connect } from 'node:net';

/** Messages of one IMAP command; as the product. */
const GROUP = 32;
const GROUP_BYTES = 1 << 20;

class Line {
  constructor(port) {
    this.socket = connect(port, '127.0.0.1').setNoDelay();
    this.rest = '';
    this.lines = [];
    this.waiting = [];
    this.socket.on('data', (data) => {
      const parts = (this.rest + data.toString('latin1')).split('\r\n');
      this.rest = parts.pop();
      for (const part of parts) {
        const waiter = this.waiting.shift();
        if (waiter) waiter.resolve(part);
        else this.lines.push(part);
      }
    });
    const fail = (error) => {
      this.lost = error ?? new Error('the server closed the connection');
      for (const { reject } of this.waiting.splice(0)) reject(this.lost);
    };
    this.socket.on('error', fail).on('close', () => fail());
  }

  next() {
    if (this.lines.length > 0) return this.lines.shift();
    if (this.lost) throw this.lost;
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** The first line that is the last of an answer. */
  async answer(isLast, isGood) {
    for (;;) {
      const line = await this.next();
      if (!isLast(line)) continue;
      if (!isGood(line)) throw new Error(`the server says ${line}`);
      return;
    }
  }
}

function* groups(messages) {
  let group = [];
  let bytes = 0;
  for (const message of messages) {
    group.push(message);
    bytes += message.length;
    if (group.length < GROUP && bytes < GROUP_BYTES) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield group;
}

async function login(port, user, password) {
  const line = new Line(port);
  const done = (tag) =>
    line.answer(
      (text) => text.startsWith(`${tag} `),
      (text) => text.startsWith(`${tag} OK`),
    );
  await line.next();
  line.socket.write(`a LOGIN ${user} ${password}\r\n`);
  await done('a');
  return { line, done };
}

/** Makes the Inbox of a new user. */
export async function openMailbox(port, user, password) {
  const { line, done } = await login(port, user, password);
  line.socket.write('b SELECT INBOX\r\n');
  await done('b');
  line.socket.end('c LOGOUT\r\n');
}

/** Appends to the Inbox of `user`. Two commands are on their way at once. */
export async function appendByImap(port, user, password, messages) {
  const { line, done } = await login(port, user, password);
  let before = Promise.resolve();
  let number = 0;
  for (const group of groups(messages)) {
    const tag = `b${number++}`;
    line.socket.cork();
    line.socket.write(`${tag} APPEND INBOX`);
    for (const message of group) {
      line.socket.write(` (\\Seen) {${message.length}+}\r\n`);
      line.socket.write(message);
    }
    line.socket.write('\r\n');
    line.socket.uncork();
    await before;
    before = done(tag);
  }
  await before;
  line.socket.end('c LOGOUT\r\n');
}

/** As a program does that knows no more of IMAP than it must: one message a command, and its answer is waited for. */
export async function appendPlainly(port, user, password, messages) {
  const { line, done } = await login(port, user, password);
  for (const [number, message] of messages.entries()) {
    line.socket.cork();
    line.socket.write(`b${number} APPEND INBOX (\\Seen) {${message.length}+}\r\n`);
    line.socket.write(message);
    line.socket.write('\r\n');
    line.socket.uncork();
    await done(`b${number}`);
  }
  line.socket.end('c LOGOUT\r\n');
}

const code = (wanted) => [(text) => /^\d{3} /.test(text), (text) => text.startsWith(wanted)];

/**
 * One command after the other, each answer waited for, as RFC 5321 has it without extensions. The messages have no line with
 * a dot first.
 */
export async function deliverPlainly(port, user, messages) {
  const line = new Line(port);
  const ask = async (text, wanted) => {
    line.socket.write(`${text}\r\n`);
    await line.answer(...code(wanted));
  };
  await line.answer(...code('220'));
  await ask('LHLO bench', '250');
  for (const message of messages) {
    await ask('MAIL FROM:<>', '250');
    await ask(`RCPT TO:<${user}>`, '250');
    await ask('DATA', '354');
    line.socket.cork();
    line.socket.write(message);
    line.socket.write(`${message.at(-1) === 0x0a ? '' : '\r\n'}.\r\n`);
    line.socket.uncork();
    await line.answer(...code('250'));
  }
  line.socket.end('QUIT\r\n');
}

/** The envelope of the next message goes out with the content of this one. The messages have no line with a dot first. */
export async function deliverPipelined(port, user, messages) {
  const line = new Line(port);
  const envelope = `MAIL FROM:<>\r\nRCPT TO:<${user}>\r\nDATA\r\n`;
  await line.answer(...code('220'));
  line.socket.write('LHLO bench\r\n');
  await line.answer(...code('250'));
  line.socket.write(envelope);
  for (const [at, message] of messages.entries()) {
    for (const wanted of ['250', '250', '354']) await line.answer(...code(wanted));
    line.socket.cork();
    line.socket.write(message);
    line.socket.write(
      `${message.at(-1) === 0x0a ? '' : '\r\n'}.\r\n${at + 1 < messages.length ? envelope : ''}`,
    );
    line.socket.uncork();
    await line.answer(...code('250'));
  }
  line.socket.end('QUIT\r\n');
}
