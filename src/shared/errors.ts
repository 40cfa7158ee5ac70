/**
 * Every failure Porthole can report, in one table: the stable code scripts rely on, the number
 * that travels on the wire, the sentence a person reads, and whether trying again can help.
 *
 * Invariant: codes and numbers are never reused or renumbered; a sentence says what happened and
 * what to do, and holds no secret.
 */

type Retry = 'retry' | 'final';

interface ErrorEntry {
  /** Wire reason: 1xxx link, 2xxx socket, 3xxx share, 4xxx pairing, 5xxx configuration, 9xxx internal. */
  readonly wire: number;
  /** `{name}` marks what the thrower fills in. */
  readonly sentence: string;
  readonly retry: Retry;
}

export const ERRORS = {
  E_LINK_LOST: {
    wire: 1001,
    sentence: 'The connection to {peer} was lost: {reason}. Porthole connects again by itself.',
    retry: 'retry',
  },
  E_PROTOCOL: {
    wire: 1002,
    sentence:
      'The other computer broke the protocol ({reason}), so the link was closed. Use the same version of Porthole on both sides.',
    retry: 'final',
  },
  E_VERSION: {
    wire: 1003,
    sentence:
      'The other computer speaks protocol version {theirs}, this one {ours}. Update Porthole on both sides.',
    retry: 'final',
  },
  E_IDENTITY: {
    wire: 1004,
    sentence:
      'Blocked: the computer that answered could not prove that it is the one you paired with or the code came from. Try again on a network you trust.',
    retry: 'final',
  },
  E_UNREACHABLE: {
    wire: 1005,
    sentence:
      'Cannot reach the other computer ({reason}). Is it awake, is Porthole still running there, and are both on a network that lets them talk?',
    retry: 'retry',
  },
  E_SESSION_LOST: {
    wire: 1011,
    sentence:
      'The connections through {peer} were reset: {reason}. New connections work as soon as Porthole has connected again.',
    retry: 'retry',
  },
  E_REMOVED: {
    wire: 1007,
    sentence: 'This computer was removed from {peer}. To connect again, pair again.',
    retry: 'final',
  },
  E_PEER_OFFLINE: {
    wire: 1008,
    sentence:
      '{peer} is offline, so what it shares is not known. Is it awake, and is Porthole running there? Try again when it is back.',
    retry: 'retry',
  },
  E_RENDEZVOUS: {
    wire: 1010,
    sentence:
      'Cannot reach the rendezvous server {server} ({reason}). Existing connections keep working.',
    retry: 'retry',
  },
  E_UDP_BLOCKED: {
    wire: 1015,
    sentence:
      'The other computer was found, but no STUN or TURN server answers: either no UDP gets out of this network, or all of them are down. Let UDP out, or use another network; a TURN server on a port that is let out helps (--turn).',
    retry: 'retry',
  },
  E_SOCKET_RESET: {
    wire: 2001,
    sentence: 'The application at the other end reset the connection.',
    retry: 'final',
  },
  E_TARGET_REFUSED: {
    wire: 2002,
    sentence: 'Nothing answers on {target}. Start your app; the next connection tries again.',
    retry: 'retry',
  },
  E_TARGET_TIMEOUT: {
    wire: 2003,
    sentence: '{target} did not answer in time. The next connection tries again.',
    retry: 'retry',
  },
  E_TARGET_UNRESOLVED: {
    wire: 2004,
    sentence: 'The name of {target} could not be resolved. The next connection tries again.',
    retry: 'retry',
  },
  E_TARGET_UNREACHABLE: {
    wire: 2005,
    sentence: '{target} cannot be reached from this computer ({reason}).',
    retry: 'retry',
  },
  E_SOCKET_LIMIT: {
    wire: 2006,
    sentence: 'The other computer has too many connections open. Close some and try again.',
    retry: 'retry',
  },
  E_EARLY_LIMIT: {
    wire: 2007,
    sentence: 'Too much arrived for a connection before its opening did.',
    retry: 'final',
  },
  E_NOT_ALLOWED: {
    wire: 3001,
    sentence: 'The other computer does not share that with this computer.',
    retry: 'final',
  },
  E_PEER_UNKNOWN: {
    wire: 3002,
    sentence: 'No paired device is called "{peer}". porthole peers lists them.',
    retry: 'final',
  },
  E_SHARE_UNKNOWN: {
    wire: 3003,
    sentence: 'Nothing that is shared is called "{share}". porthole list tells what is there.',
    retry: 'final',
  },
  E_AMBIGUOUS: {
    wire: 3004,
    sentence: '"{name}" can mean {choices}. Use the id.',
    retry: 'final',
  },
  E_TARGET_FORBIDDEN: {
    wire: 3005,
    sentence: '{target} cannot be shared: {reason}.',
    retry: 'final',
  },
  E_LAN_TARGET: {
    wire: 3006,
    sentence:
      '{target} is not on this computer. Add --allow-lan to share something of another computer on your network.',
    retry: 'final',
  },
  E_SHARE_NAME: {
    wire: 3008,
    sentence:
      'Something else is shared as "{name}" already ({target}). Give it another --name, or end that one with porthole unshare.',
    retry: 'final',
  },
  E_FORWARD_UNKNOWN: {
    wire: 3007,
    sentence: 'No forward is called "{forward}". porthole list tells what is there.',
    retry: 'final',
  },
  E_INVITE_INVALID: {
    wire: 4001,
    sentence: 'This is not a Porthole code. Copy the whole link that starts with porthole://pair#',
    retry: 'final',
  },
  E_INVITE_DAMAGED: {
    wire: 4002,
    sentence: 'The code is incomplete. Copy it again; some characters are missing.',
    retry: 'final',
  },
  E_INVITE_EXPIRED: {
    wire: 4003,
    sentence: 'This code expired {when}. Ask for a new one.',
    retry: 'final',
  },
  E_INVITE_USED: {
    wire: 4004,
    sentence:
      'This code was already used. Ask for a new one. If you did not use it, tell the other person.',
    retry: 'final',
  },
  E_INVITE_CANCELLED: {
    wire: 4005,
    sentence: 'This code was cancelled on the other computer. Ask for a new one.',
    retry: 'final',
  },
  E_INVITE_BURNED: {
    wire: 4006,
    sentence:
      'Another device (name "{name}") also tried this code. For safety the code was cancelled. Start again for a new one.',
    retry: 'final',
  },
  E_DIGITS_DIFFER: {
    wire: 4007,
    sentence:
      'Pairing stopped. The numbers did not match, so someone may be between the two computers. Try again with a new code on a network you trust.',
    retry: 'final',
  },
  E_CONFIRM_TIMEOUT: {
    wire: 4008,
    sentence:
      'Pairing stopped: nobody said in time whether the numbers match. Try again with a new code.',
    retry: 'final',
  },
  E_OWN_INVITE: {
    wire: 4009,
    sentence:
      'This code was made by this very computer. Open it on the other one; to try both ends here, give one of them its own --data-dir.',
    retry: 'final',
  },
  E_ANSWER_MISMATCH: {
    wire: 4010,
    sentence:
      'This answer belongs to another code. Copy the answer that was made from the code shown here.',
    retry: 'final',
  },
  E_CONFIRM_INPUT: {
    wire: 4011,
    sentence:
      'Pairing stopped: standard input ended before anybody said whether the numbers match. Start again in a terminal, or pass --trust-invite on both sides.',
    retry: 'final',
  },
  E_PAIRING_LOST: {
    wire: 4012,
    sentence:
      'Pairing with {peer} stopped: the connection was lost ({reason}). Try again with a new code.',
    retry: 'final',
  },
  E_CODE_EXPECTED: {
    wire: 4013,
    sentence:
      'This is an answer, not a code to pair with. Paste it on the computer that showed the code; here, paste the whole link that starts with porthole://pair#',
    retry: 'final',
  },
  E_ANSWER_EXPECTED: {
    wire: 4014,
    sentence:
      'This is {given}, not the answer to the code shown here. Open that code on the other computer, and copy the whole answer it shows; it starts with porthole://answer#',
    retry: 'final',
  },
  E_USAGE: { wire: 5001, sentence: '{problem}', retry: 'final' },
  E_TARGET_INVALID: {
    wire: 5002,
    sentence:
      '"{target}" is not something to share. Give a port from 1 to 65535, or HOST:PORT, such as 8080 or 127.0.0.1:8080.',
    retry: 'final',
  },
  E_DATA_DIR: {
    wire: 5003,
    sentence:
      'The data folder {path} cannot be written ({reason}). Choose another with --data-dir, or mend its permissions.',
    retry: 'final',
  },
  E_PORT_PRIVILEGED: {
    wire: 5004,
    sentence:
      'Ports below 1024 need administrator rights, so {port} cannot be opened. Use --local {alternative} instead.',
    retry: 'final',
  },
  E_PORT_BUSY: {
    wire: 5005,
    sentence:
      'Port {port} is already used on this computer. Leave --local out to let Porthole choose, or name another.',
    retry: 'final',
  },
  E_DATA_DIR_IN_USE: {
    wire: 5007,
    sentence:
      'Another Porthole (process {pid}) uses the data folder {path}. Stop it first, or give this one a folder of its own with --data-dir. While porthole up runs, commands share its folder.',
    retry: 'final',
  },
  E_DATA_DIR_OPEN: {
    wire: 5008,
    sentence:
      'Others on this computer can read {path}, so it was not used. Run: chmod {mode} {path}',
    retry: 'final',
  },
  E_NO_DAEMON: {
    wire: 5009,
    sentence: 'Porthole is not running for this data folder. Start it with: porthole up',
    retry: 'final',
  },
  E_KEY_UNREADABLE: {
    wire: 5010,
    sentence:
      'Porthole cannot read its key in {path} ({reason}). Restore it with porthole import, or move the file away to start over with a new one; devices must then pair again.',
    retry: 'final',
  },
  E_KEY_IN_KEYRING: {
    wire: 5024,
    sentence:
      'The key of this computer is in the keyring of the system, where only the Porthole app can use it. Open the app: commands then work through it. Or give this command a folder of its own with --data-dir.',
    retry: 'final',
  },
  E_PASSPHRASE: {
    wire: 5011,
    sentence: 'The passphrase is wrong, or the backup was changed. Nothing was imported.',
    retry: 'final',
  },
  E_BACKUP_INVALID: {
    wire: 5012,
    sentence: 'This is not a backup that porthole export made. Nothing was imported.',
    retry: 'final',
  },
  E_CONTROL: {
    wire: 5013,
    sentence:
      'The running Porthole did not understand this command ({reason}). Is it another version? Restart porthole up.',
    retry: 'final',
  },
  E_CERTIFICATE: {
    wire: 5014,
    sentence:
      'The certificate or its key cannot be used ({reason}). Give --cert and --key a PEM file each.',
    retry: 'final',
  },
  E_LISTEN: {
    wire: 5015,
    sentence: 'Cannot listen on {address} ({reason}). Choose another with --listen.',
    retry: 'final',
  },
  E_IDENTITY_EXISTS: {
    wire: 5016,
    sentence:
      'This data folder has an identity already. Add --replace to put the imported one in its place; devices paired with the old one must pair again.',
    retry: 'final',
  },
  E_DATA_FILE: {
    wire: 5020,
    sentence: 'Porthole cannot read {path} ({reason}). Mend that, or move it away.',
    retry: 'final',
  },
  E_DATA_VERSION: {
    wire: 5021,
    sentence: '{path} was written by a newer Porthole. Update this one.',
    retry: 'final',
  },
  E_CONTROL_SOCKET: {
    wire: 5022,
    sentence:
      'Commands cannot talk to this Porthole through {path} ({reason}). Remove what is there, or choose a data folder with a shorter path.',
    retry: 'final',
  },
  E_PORTS_UNREADABLE: {
    wire: 5030,
    sentence:
      'Porthole cannot tell which ports of this computer are in use ({reason}). Type the port to share.',
    retry: 'retry',
  },
  E_NOT_HERE: {
    wire: 5040,
    sentence: 'Only the desktop app can do this.',
    retry: 'final',
  },
  E_NO_UI: {
    wire: 5041,
    sentence:
      'The Porthole that runs here has no page for a browser. Start it with: porthole up, without --no-ui.',
    retry: 'final',
  },
  E_UI_PORT: {
    wire: 5042,
    sentence:
      'The web UI cannot listen on port {port} ({reason}). Choose another with --ui-port, or leave it out.',
    retry: 'final',
  },
  E_INTERNAL: {
    wire: 9001,
    sentence: 'Porthole failed inside ({reason}). Please report it with the log.',
    retry: 'final',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

type Blanks<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Blanks<Rest>
  : never;
type Details<C extends ErrorCode> = Record<Blanks<(typeof ERRORS)[C]['sentence']>, string | number>;
type DetailsArgument<C extends ErrorCode> =
  Blanks<(typeof ERRORS)[C]['sentence']> extends never
    ? [details?: undefined, options?: ErrorOptions]
    : [details: Details<C>, options?: ErrorOptions];

/** A failure with a stable code; `message` is the sentence for a person, `cause` what lay beneath. */
export class PortholeError extends Error {
  override readonly name = 'PortholeError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Makes the error of `code`, its sentence filled in with `details`. */
export function portholeError<C extends ErrorCode>(
  code: C,
  ...[details, options]: DetailsArgument<C>
): PortholeError {
  const blanks: Record<string, string | number> = details ?? {};
  const sentence = ERRORS[code].sentence.replaceAll(/\{(\w+)\}/g, (blank, name: string) =>
    String(blanks[name] ?? blank),
  );
  return new PortholeError(code, sentence, options);
}

/** The error code of a wire reason, or `undefined` where this version knows none. */
export function codeOfWire(wire: number): ErrorCode | undefined {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  return codes.find((code) => ERRORS[code].wire === wire);
}

/** Turns whatever was thrown into an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Turns whatever was thrown into a PortholeError; a stranger becomes `E_INTERNAL` with its cause. */
export function toPortholeError(thrown: unknown): PortholeError {
  if (thrown instanceof PortholeError) return thrown;
  const cause = toError(thrown);
  return portholeError('E_INTERNAL', { reason: cause.message }, { cause });
}
