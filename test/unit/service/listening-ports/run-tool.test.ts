/** Tools that fail in every way, as real processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool, type Tool } from '../../../../src/engine/service/listening-ports/run-tool.ts';
import { LISTENING_OUTPUT_BYTES_MAX } from '../../../../src/shared/limits.ts';
import { watchForLeaks } from '../../../support/leaks.ts';

const FOR_EVER = 'setInterval(() => {}, 1000)';

let expectNothingLeft: () => Promise<void>;
beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterAll(async () => expectNothingLeft());

async function run(script: string, more: Partial<Tool> = {}): Promise<string> {
  const args = ['-e', script];
  return runTool({ path: process.execPath, args, env: {}, silentFailure: 'failure', ...more });
}

describe('a tool', () => {
  it('is heard, has an end of input, and no other environment', async () => {
    const script = `process.stdin.on('end', () => console.log(Object.keys(process.env))).resume()`;
    await expect(run(script, { env: { LC_ALL: 'C' } })).resolves.toBe("[ 'LC_ALL' ]\n");
  });

  it.each<[string, string, Partial<Tool>]>([
    ['status 3', 'process.exit(3)', {}],
    ['status 1', 'process.exit(1)', {}],
    ['status 1', `console.error('no'); process.exit(1)`, { silentFailure: 'nothing-found' }],
    ['ENOENT', '', { path: '/nowhere/lsof' }],
    ['SIGTERM', `process.kill(process.pid, 'SIGTERM'); ${FOR_EVER}`, {}],
    ['no answer in time', FOR_EVER, { timeoutMs: 200 }],
    ['MAXBUFFER', `process.stdout.write('x'.repeat(${LISTENING_OUTPUT_BYTES_MAX + 1}))`, {}],
  ])('fails: %s', async (reason, script, more) => {
    await expect(run(script, more)).rejects.toMatchObject({
      code: 'E_PORTS_UNREADABLE',
      message: expect.stringContaining(reason),
    });
  });

  it('may say nothing with status 1', async () => {
    await expect(run('process.exit(1)', { silentFailure: 'nothing-found' })).resolves.toBe('');
  });

  it('is ended with the one who asked', async () => {
    const asking = new AbortController();
    const answer = run(FOR_EVER, { signal: asking.signal });
    const reason = new Error('given up');
    asking.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });
});
