/**
 * The rendezvous server as a shell runs it: with the real clock, certificates from files, and errors
 * for a person.
 *
 * Invariant: nothing it tells names an address or a tag of who is connected.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { type PortholeError, portholeError, toError } from '../shared/errors.ts';
import { endpointsOfThisComputer, endpointUrl } from './signaling/endpoint.ts';
import { type RendezvousCounts, RendezvousServer } from './signaling/rendezvous-server.ts';
import type { AddressSource, Certificate } from './signaling/upgrade-server.ts';
import { systemClock } from './system-clock.ts';

/** Paths of PEM files: a certificate with its chain, and its key without a passphrase. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface RendezvousOptions {
  /** Address to listen on; `undefined`: all. */
  readonly host: string | undefined;
  /** TCP port; 0 for any free one. */
  readonly port: number;
  /** With them it is `wss`. */
  readonly certificate: CertificateFiles | undefined;
  readonly addresses: AddressSource;
  readonly version: string;
}

/** What a running server tells about itself. */
export interface RendezvousLoad {
  readonly rooms: number;
  readonly connections: number;
  readonly counts: RendezvousCounts;
}

export interface Rendezvous {
  /** Where devices reach it, as far as this computer can tell. */
  readonly url: string;
  load(): RendezvousLoad;
  /** Reads the certificate files again; connections stay. Rejects with E_CERTIFICATE and keeps the old one. */
  reloadCertificate(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server. Rejects with E_CERTIFICATE or E_LISTEN. */
export async function startRendezvous(options: RendezvousOptions): Promise<Rendezvous> {
  const { host, port, certificate: files, addresses, version } = options;
  const certificate = files === undefined ? undefined : await readCertificate(files);
  const listening = { clock: systemClock, host, port, certificate, addresses, version };
  const server = await RendezvousServer.listen(listening).catch((thrown: unknown) => {
    throw listenError(options, toError(thrown));
  });
  return {
    url: urlOf(options, server.port, certificate),
    load: () => ({
      rooms: server.rooms,
      connections: server.connections,
      counts: server.counts,
    }),
    reloadCertificate: async () => {
      if (files !== undefined) server.setCertificate(await readCertificate(files));
    },
    close: async () => server.close(),
  };
}

// ── Certificate ─────────────────────────────────────────────────────────────────────────────────

async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = [await readPem(files.cert), await readPem(files.key)];
  const certificate = parsed(() => new X509Certificate(cert), `${files.cert} is no certificate`);
  const privateKey = parsed<KeyObject>(
    () => createPrivateKey(key),
    `${files.key} is no private key, or needs a passphrase`,
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw certificateError(`${files.key} does not belong to ${files.cert}`);
  }
  return { cert, key };
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    const cause = toError(thrown);
    const isMissing = 'code' in cause && cause.code === 'ENOENT';
    throw certificateError(`${path} ${isMissing ? 'is not there' : 'cannot be read'}`, { cause });
  }
}

function parsed<T>(parse: () => T, problem: string): T {
  try {
    return parse();
  } catch (cause) {
    throw certificateError(problem, { cause });
  }
}

function certificateError(reason: string, options?: ErrorOptions): PortholeError {
  return portholeError('E_CERTIFICATE', { reason }, options);
}

// ── Address ─────────────────────────────────────────────────────────────────────────────────────

const ANY_ADDRESS: ReadonlySet<string | undefined> = new Set([undefined, '0.0.0.0', '::']);

/** A certificate knows the name of its server best, then who chose the address to listen on. */
function urlOf(
  { host }: RendezvousOptions,
  port: number,
  certificate: Certificate | undefined,
): string {
  const [first] = endpointsOfThisComputer(port);
  const listening = ANY_ADDRESS.has(host) ? first?.host : host;
  const name = certificate === undefined ? undefined : nameIn(certificate);
  const scheme = certificate === undefined ? 'ws' : 'wss';
  return endpointUrl({ scheme, host: name ?? listening ?? '127.0.0.1', port });
}

/** The first name of it that is no pattern. */
function nameIn({ cert }: Certificate): string | undefined {
  return /DNS:([\w.-]+)(?:,|$)/.exec(new X509Certificate(cert).subjectAltName ?? '')?.[1];
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there',
  EADDRNOTAVAIL: 'this computer has no such address',
  EACCES: 'ports below 1024 need administrator rights',
  ENOTFOUND: 'the name could not be resolved',
};

function listenError({ host, port }: RendezvousOptions, cause: Error): PortholeError {
  const code = 'code' in cause ? String(cause.code) : cause.message;
  const address = host === undefined ? `port ${port}` : endpointUrl({ host, port }).slice(5);
  return portholeError('E_LISTEN', { address, reason: LISTEN_REASONS[code] ?? code }, { cause });
}
