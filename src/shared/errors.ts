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
    sentence:
      'The connection to {peer} was lost: {reason}. Its forwards are closed. Start again with a new invite.',
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
      'Blocked: the computer that answered could not prove that it is the one the invite came from. Try again with a new invite on a network you trust.',
    retry: 'final',
  },
  E_UNREACHABLE: {
    wire: 1005,
    sentence:
      'Cannot reach the other computer ({reason}). Is it awake, is Porthole still running there, and are both on a network that lets them talk?',
    retry: 'retry',
  },
  E_TRUST_INVITE: {
    wire: 1006,
    sentence:
      'Only one side was started with --trust-invite, so nothing was trusted. Start both sides with it.',
    retry: 'final',
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
  E_TRUST_REQUIRED: {
    wire: 5006,
    sentence:
      'This version cannot compare digits yet, so pairing needs --trust-invite on both sides: whoever gets the link first is trusted. Add --trust-invite, and send the link only where nobody else reads it.',
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
