/**
 * A command that asks: `prompt-child.ts code` reads a code and then a yes or no, `prompt-child.ts
 * passphrase` a passphrase. Prints what it got as one JSON object a line, and must end by itself.
 */
import { InputLines } from '../../src/cli/input-lines.ts';
import { askYesNo, readCode, readPassphrase } from '../../src/cli/prompt.ts';
import { toError } from '../../src/shared/errors.ts';

const lines = new InputLines();
const { signal } = new AbortController();

function print(got: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(got)}\n`);
}

try {
  if (process.argv[2] === 'code') {
    print({ code: (await readCode(lines, { prompt: 'Paste the link: ', signal })) ?? null });
    print({ answer: await askYesNo(lines, { prompt: 'Do they match? ', signal }) });
  } else {
    const passphrase = await readPassphrase(lines, { prompt: 'Passphrase: ', signal });
    // In hexadecimal, so that a test can look for the passphrase itself on the terminal.
    print({
      passphrase: passphrase === undefined ? null : Buffer.from(passphrase).toString('hex'),
    });
  }
} catch (thrown) {
  const { name } = toError(thrown);
  print({ failed: (thrown as { readonly code?: unknown }).code ?? name, name });
} finally {
  lines.close();
}
