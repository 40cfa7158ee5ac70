/**
 * Runs a tool of the operating system that tells of listening ports.
 *
 * Invariant: no shell, an absolute path, constant arguments; the tool is killed when it takes longer
 * than `timeoutMs` or says more than LISTENING_OUTPUT_BYTES_MAX, and never gets input.
 */
import { execFile, type ExecFileException } from 'node:child_process';
import { portholeError, toError } from '../../../shared/errors.ts';
import { LISTENING_OUTPUT_BYTES_MAX, LISTENING_TOOL_MS } from '../../../shared/limits.ts';

export interface Tool {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Whether status 1 without a word means that there is nothing. */
  readonly silentFailure: 'nothing-found' | 'failure';
  readonly signal?: AbortSignal | undefined;
  /** @default LISTENING_TOOL_MS */
  readonly timeoutMs?: number;
}

/** What the tool prints. `E_PORTS_UNREADABLE` where it fails; the reason of `signal` when aborted. */
export async function runTool(tool: Tool): Promise<string> {
  const { path, args, env, signal, timeoutMs = LISTENING_TOOL_MS } = tool;
  return new Promise((resolve, reject) => {
    const options = {
      env,
      encoding: 'utf8',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: LISTENING_OUTPUT_BYTES_MAX,
      windowsHide: true,
      ...(signal && { signal }),
    } as const;
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      if (signal?.aborted === true) reject(toError(signal.reason));
      else if (error === null || isNothing(tool, error, stdout + stderr)) resolve(stdout);
      else reject(unreadable(error));
    });
    // One that waits for input would wait for ever; one that is not there has none.
    child.stdin?.on('error', () => undefined).end();
  });
}

function isNothing(tool: Tool, error: ExecFileException, output: string): boolean {
  return tool.silentFailure === 'nothing-found' && error.code === 1 && output === '';
}

function unreadable(cause: ExecFileException): Error {
  return portholeError('E_PORTS_UNREADABLE', { reason: reasonOf(cause) }, { cause });
}

/** The message of `cause` holds the whole command line. */
function reasonOf({ code, killed, signal }: ExecFileException): string {
  // Too much output kills too, but has a code.
  if (killed === true && typeof code !== 'string') return 'no answer in time';
  if (typeof code === 'number') return `status ${code}`;
  return code ?? signal ?? 'unknown';
}
