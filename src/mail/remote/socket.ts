/** Connections to mail servers, plain or by TLS, and what their failures mean. */
import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Problem } from '../../failures';
import type { RemoteOptions } from './url';

const CONNECT_WITHIN_MS = 30_000;

/** `socketPath`: of a server on this machine that has a socket instead of a port. */
type Address = Pick<RemoteOptions, 'host' | 'port'> & { readonly socketPath?: string | null };
type Place = Address & Pick<RemoteOptions, 'ca' | 'verify'>;

export const placeName = ({ host, port, socketPath }: Address): string => socketPath ?? `${host}:${port}`;

/** @throws Problem `TargetUnavailable`, or `CertificateRefused` */
export async function openSocket(place: Place, implicitTls: boolean): Promise<Socket> {
  const { host, port, socketPath } = place;
  const socket = connect(socketPath ? { path: socketPath } : { host, port });
  await ready(socket, 'connect', place);
  socket.setNoDelay(true);
  return implicitTls ? secured(socket, place) : socket;
}

/** The same connection, encrypted from here on. */
export async function secured(socket: Socket, place: Place): Promise<Socket> {
  const options: ConnectionOptions = {
    socket,
    rejectUnauthorized: place.verify,
    ...(isIP(place.host) ? { host: place.host } : { servername: place.host, host: place.host }),
    ...(place.ca === null ? {} : { ca: readAuthorities(place.ca) }),
  };
  const encrypted = connectTls(options);
  await ready(encrypted, 'secureConnect', place);
  return encrypted;
}

/** @throws Problem `CertificateRefused` */
export function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Problem('CertificateRefused', `The file of authorities ${path} cannot be read (${why}).`, {
      path,
    });
  }
}

async function ready(socket: Socket, event: 'connect' | 'secureConnect', place: Place): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer in time')), CONNECT_WITHIN_MS);
      socket.once(event, () => {
        clearTimeout(timer);
        socket.removeListener('error', reject);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      if (event === 'secureConnect')
        socket.once('close', () => reject(new Error('the connection was closed')));
    });
  } catch (error) {
    socket.destroy();
    throw connectionProblem(error, place);
  }
}

/** OpenSSL's and Node's names for a certificate that does not prove who the server is. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER|ERR_TLS_CERT_ALTNAME/;

export function connectionProblem(error: unknown, place: Address): Problem {
  if (error instanceof Problem) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const details = { host: place.host, port: place.port, ...(code === undefined ? {} : { code }) };
  if (code !== undefined && CERTIFICATE.test(code)) {
    const what = `The certificate of ${placeName(place)} does not verify (${message})`;
    return new Problem('CertificateRefused', `${what}.`, details, { cause: error });
  }
  const what = `The mail server ${placeName(place)} cannot be reached (${message})`;
  return new Problem('TargetUnavailable', `${what}.`, details, { cause: error });
}
