/**
 * The rows of the threat table in docs/security.md. Numbers are those of the design and stay: the
 * titles of tests name them (`row 4: …`).
 *
 * Invariant: a row stands here when this version defends against it; the tests that prove it are
 * found by their titles, so that the table cannot name one that is not there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Threat {
  readonly row: number;
  readonly attacker: string;
  readonly defence: string;
}

export const THREATS: readonly Threat[] = [
  {
    row: 1,
    attacker: 'Listens on the network',
    defence:
      'All traffic is in DTLS; signaling bodies are sealed with AES-256-GCM, on plain `ws://` too. No device name, key, address inside signaling or payload is in clear',
  },
  {
    row: 2,
    attacker: 'Changes packets, answers for others (ARP, DNS)',
    defence:
      'Both sides sign, and MAC under a shared key, both certificates as they see them themselves. A channel with somebody in between ends with `E_IDENTITY`, before a byte of a stream is accepted',
  },
  {
    row: 3,
    attacker: 'Runs the signaling or rendezvous server',
    defence:
      'It sees random tags, sizes, times and addresses. What it swaps, replays, reorders, doubles, cuts or sends too much of ends in "cannot connect", with bounded memory',
  },
  {
    row: 4,
    attacker: 'Photographs the QR code, reads the chat',
    defence:
      'A link lives ten minutes, in memory only, and works once. A second computer that tries it cancels it and the owner is told. Both people compare six digits before anything is shared',
  },
  {
    row: 5,
    attacker: 'Replaces the link or blob on its way',
    defence:
      'The digits depend on both keys and both certificates, and are fixed by a commitment before either side can know them: they meet by chance only, one in a million for each visible try',
  },
  {
    row: 6,
    attacker: 'A paired device that reaches for more',
    defence:
      'It names a share by a random id, never a host or port; whether it may is looked up at every connect. LAN targets need `--allow-lan`; link-local, multicast, cloud metadata and our own ports are never shared. A hundred refusals in a minute end the link',
  },
  {
    row: 7,
    attacker: 'A paired device that scans ports by answers and time',
    defence:
      'Unknown, forbidden and revoked shares take the same way to the same answer; what a target says is told for granted shares only',
  },
  {
    row: 8,
    attacker: 'A web app of a paired device, opened in the browser through a forward',
    defence:
      'It is opened as `http://<device>.localhost`, another site than the web UI, with cookies of its own. The web UI has no cookies at all, and refuses what comes from another port of 127.0.0.1 as it refuses strangers',
  },
  {
    row: 9,
    attacker: 'A web page that calls the web UI (CSRF, DNS rebinding)',
    defence:
      'It listens on 127.0.0.1 only; `Host`, `Origin` and `Sec-Fetch-Site` have exact lists, anything but GET is refused before a body is read, and nothing is answered to a page before it has shown a token of 256 bits that only the person who started Porthole has. `--no-ui` leaves it out',
  },
  {
    row: 11,
    attacker: 'A web page that opens a `porthole://` link',
    defence:
      'A link of at most 2 KiB only fills the box of "Add a device", one a second; a person has to press Connect and compare the number. Every other argument of a second start is ignored, and links are registered behind `--`, so that none is a switch of Chromium',
  },
  {
    row: 12,
    attacker: 'A web page that opens WebSockets to the signaling server',
    defence:
      'An upgrade with an `Origin` header is refused, whatever its path. Tags of 128 bits; bounds for connections in all and per address, header, size, rate and time to the first message',
  },
  {
    row: 13,
    attacker: 'Another user of this computer',
    defence:
      'Folder 0700 and files 0600, refused with the `chmod` to run when others can read them; a control socket in that folder and a token; no secret in an argument or the environment',
  },
  {
    row: 14,
    attacker: 'Text from another computer: names, shares, addresses',
    defence:
      'Control characters and marks that turn text around are taken out, names are cut at a character, everything that is parsed has a schema and a bound',
  },
  {
    row: 15,
    attacker: 'Oversized or garbled frames',
    defence:
      'Lengths are checked before anything is kept, unknown types are ignored or end the link, and every state has its table of what may come',
  },
  {
    row: 16,
    attacker: 'Opens and resets without end',
    defence:
      'Sockets, dials under way and resets before an answer are bounded for each peer; a slot is free only when its local connection is closed',
  },
  {
    row: 18,
    attacker: 'Withholds a frame so that the rest must wait',
    defence:
      'What waits for an earlier frame is bounded by the credit of its socket and by frames for a peer',
  },
  {
    row: 19,
    attacker: 'Reads or writes slowly',
    defence:
      'Credit is given only for what the local connection took; a stalled socket holds its own window and no other socket up',
  },
  {
    row: 20,
    attacker: 'Connects and does not authenticate',
    defence:
      'No DataChannel is begun before a sealed claim; one claimant of an invite at a time; 10 s and 8 KiB to authenticate; half-open connections are bounded and pass',
  },
  {
    row: 21,
    attacker: 'Replays, reflects or edits the handshake',
    defence:
      'Mode, roles, both keys, nonces, certificates, versions, capabilities, names, ephemeral keys and the commitment are in the transcript; keys of low order are refused',
  },
  {
    row: 22,
    attacker: 'A lost or stolen device',
    defence:
      '`porthole forget` deletes its key, ends its link and all its connections at once, and it hears of no share any more',
  },
  {
    row: 23,
    attacker: 'A relay on the way',
    defence: 'It carries DTLS: a flipped bit is a lost packet, never a wrong byte.',
  },
  {
    row: 26,
    attacker: 'Reads logs, errors, lists of processes',
    defence:
      'Keys are wrapped so that they print as `[secret]`; whatever is logged loses links, blobs, tokens and keys in any usual spelling first; secrets come by standard input only',
  },
];

/** A test file proves a row when its name (`row-04-…`) or a title in it (`row 4: …`) says so. */
export function provingTests(root: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  const names = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
  for (const name of names.map((path) => path.replaceAll('\\', '/')).toSorted()) {
    if (!name.endsWith('.test.ts')) continue;
    for (const row of rowsIn(name, readFileSync(join(root, 'test', name), 'utf8'))) {
      found.set(row, [...(found.get(row) ?? []), `test/${name}`]);
    }
  }
  return found;
}

function rowsIn(name: string, source: string): ReadonlySet<number> {
  const named = name.matchAll(/row-(\d+)-/g);
  const titled = source.matchAll(/['"`]row (\d+)\b/g);
  return new Set([...named, ...titled].map(([, row]) => Number(row)));
}
