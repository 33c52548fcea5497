/** Commands that depend on this machine, or on what the server offers. */
import { hostname } from 'node:os';

export function hello(): string {
  const name = hostname();
  return `LHLO ${/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name) ? name : 'localhost'}`;
}

/** No sender: nobody must be told of what a filter answers. */
export function mailFrom(capabilities: ReadonlySet<string>, size: number): string {
  const sized = capabilities.has('SIZE') ? ` SIZE=${size}` : '';
  return `MAIL FROM:<>${sized}${capabilities.has('8BITMIME') ? ' BODY=8BITMIME' : ''}`;
}
