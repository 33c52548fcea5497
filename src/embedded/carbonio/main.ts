/**
 * The daemon of a stand-in host:
 *
 *   node dist/embedded/carbonio/main.js serve DIR [--with-parent]
 *
 * Prints one line of JSON (its addresses) when it is ready. SIGTERM ends it; with --with-parent also the end of its
 * standard input, so that it never outlives who started it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockFile } from '../../host/file-lock';
import { HELP } from './help';
import { Host } from './host';
import { serveControl } from './server/control';
import { serveLmtp } from './server/lmtp';
import { serveSoap } from './server/soap';
import { ensureStandIn, placesOf, type Settings } from './settings';

async function serve(dir: string, withParent: boolean): Promise<void> {
  const settings = ensureStandIn(dir);
  process.chdir(dir);
  const lock = await lockFile(join(dir, 'daemon.lock'), 5);
  if (lock === undefined) throw new Error(`Another daemon serves ${dir}.`);
  if (settings.tls) makeCertificate(dir, settings);
  const host = new Host(dir, settings);
  const [lmtp, soap] = await Promise.all([serveLmtp(host), serveSoap(host)]);
  ensureStandIn(dir, { lmtpPort: lmtp.port, soapPort: soap.port });
  await serveControl(host);
  // what runs is interrupted, as when the server is killed: the next start tells
  const end = (): never => process.exit(0);
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (withParent) process.stdin.on('end', end).on('error', end).resume();
  process.stdout.on('error', () => undefined);
  process.stdout.write(`${JSON.stringify({ pid: process.pid, lmtpPort: lmtp.port, soapPort: soap.port })}\n`);
}

function makeCertificate(dir: string, { host }: Settings): void {
  const { tlsKey, tlsCertificate } = placesOf(dir);
  if (existsSync(tlsCertificate)) return;
  const names = `subjectAltName=DNS:${host},DNS:localhost,IP:127.0.0.1`;
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const out = [
    '-keyout',
    tlsKey,
    '-out',
    tlsCertificate,
    '-days',
    '365',
    '-subj',
    `/CN=${host}`,
    '-addext',
    names,
  ];
  const { status, stderr } = spawnSync('openssl', [...args, ...out], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
}

const [command, dir, option] = process.argv.slice(2);
if (command !== 'serve' || dir === undefined) {
  process.stdout.write(`Usage: node dist/embedded/carbonio/main.js serve DIR [--with-parent]\n\n${HELP}`);
  process.exitCode = command === '--help' ? 0 : 2;
} else {
  serve(resolve(dir), option === '--with-parent').catch((error: Error) => {
    process.stderr.write(`stand-in: ${error.message}\n`);
    process.exitCode = 1;
    process.exit();
  });
}
