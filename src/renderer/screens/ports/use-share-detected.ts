/** Shares a detected port with all paired devices, under a name that nothing else has. */
import { useRef } from 'react';
import type { CallParams, ListeningPort } from '../../../shared/contract.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { useAct, useAsk, usePage } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';

const ANY_OR_LOOPBACK = new Set(['0.0.0.0', '::', '*', '127.0.0.1', '::1', 'localhost']);

export function useShareDetected(found: ListeningPort): () => Promise<void> {
  const { say } = useWords(PORTS);
  const { toasts } = usePage();
  const ask = useAsk();
  const act = useAct();
  const isBusy = useRef(false);
  return async () => {
    // Its button stays enabled meanwhile, or it would lose the focus.
    if (isBusy.current) return;
    isBusy.current = true;
    const params = paramsOf(found);
    const first = await ask('share', params);
    const isNameTaken = !first.ok && first.error.code === 'E_SHARE_NAME';
    const name = isNameTaken ? `${params.name ?? ''} ${found.port}`.trim() : params.name;
    const outcome = first.ok ? first : await act('share', { ...params, name });
    isBusy.current = false;
    if (!outcome.ok) return;
    toasts.add({
      kind: 'done',
      text: say('sharingStarted', { name: outcome.value.name }),
      code: null,
    });
  };
}

function paramsOf({ port, address, label, process }: ListeningPort): CallParams<'share'> {
  const isHere = ANY_OR_LOOPBACK.has(address);
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    target: isHere ? String(port) : `${host}:${port}`,
    name: label === '' ? (process?.name ?? null) : label,
    peers: [],
    // An address of this computer that is not its loopback looks like another one's.
    lan: isHere ? 'this-computer' : 'allow-lan',
  };
}
