/**
 * The whole way to a new device: a code is shown or entered, the numbers are compared, and what the
 * new device can use is chosen. The same in the dialog and in the first steps.
 */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Tabs } from '../../design/tabs.tsx';
import { useWords } from '../../state/words.ts';
import { EnterCode } from './enter-code.tsx';
import type { PairingWish } from './pairing-session.ts';
import { PairingProgress } from './pairing-progress.tsx';
import { ShowCode } from './show-code.tsx';
import { usePairing, usePairingDesk } from './use-pairing.ts';
import type { ActivePairing } from './use-pairing.ts';

type PairingTab = 'show' | 'enter';

export interface PairingFlowProps {
  /** What comes first. */
  readonly begin: PairingTab;
  /** Id of a share that whoever uses the shown code may use. */
  readonly grant: string | null;
  /** What a link brought: it is put into the box, and nothing more. */
  readonly code: string | null;
  /** The devices are paired, and the person has seen it. */
  readonly onDone: () => void;
}

export function PairingFlow({ begin, grant, code, onDone }: PairingFlowProps): ReactNode {
  const { say } = useWords(PAIRING);
  const [tab, setTab] = useState(begin);
  const [text, setText] = useState(code ?? '');
  const host = useHost(tab === 'show', grant);
  const joins = usePairingDesk();
  const join = usePairing(joins);
  const joinWith = (given: string): void => {
    host.stop();
    joins.begin({ call: 'join', params: { code: given, trust: 'compare', localPort: null } });
  };
  const underway = underwayOf(join, host.pairing);
  const [taken, setTaken] = useState(code);
  // Another link came while the dialog was open; it does not disturb a pairing that is under way.
  if (code !== taken && underway === null) {
    setTaken(code);
    setText(code ?? '');
    setTab('enter');
  }
  if (underway !== null) return <PairingProgress pairing={underway} onDone={onDone} />;
  return (
    <Tabs<PairingTab>
      label={say('title')}
      value={tab}
      onChange={setTab}
      tabs={[
        { value: 'show', label: say('showCode'), content: <ShowCode host={host} grant={grant} /> },
        {
          value: 'enter',
          label: say('enterCode'),
          content: (
            <EnterCode
              text={text}
              isPrefilled={code !== null && text === code}
              pairing={join}
              onText={setText}
              onJoin={joinWith}
            />
          ),
        },
      ]}
    />
  );
}

type HostMode = 'online' | 'offline';

export interface Host {
  readonly mode: HostMode;
  readonly pairing: ActivePairing | null;
  /** A new code of this kind; the one before is good for nothing then. */
  readonly renew: (mode: HostMode) => void;
  readonly stop: () => void;
}

/** The code of this computer: made when it is first looked at, and kept while the other tab is. */
function useHost(isLookedAt: boolean, grant: string | null): Host {
  const desk = usePairingDesk();
  const pairing = usePairing(desk);
  useEffect(() => {
    if (isLookedAt && desk.session.get() === null) desk.begin(inviteWish('online', grant));
  }, [isLookedAt, desk, grant]);
  const wish = pairing?.session.wish;
  return {
    mode: wish?.call === 'invite' ? wish.params.mode : 'online',
    pairing,
    renew: (mode) => desk.begin(inviteWish(mode, grant)),
    stop: () => desk.end(),
  };
}

function inviteWish(mode: HostMode, grant: string | null): PairingWish {
  return { call: 'invite', params: { mode, trust: 'compare', grant, forwards: 'all' } };
}

/** What takes the place of the tabs. A code that is only shown, and a try that failed, do not. */
function underwayOf(join: ActivePairing | null, host: ActivePairing | null): ActivePairing | null {
  if (join !== null && join.stage.kind !== 'failed') return join;
  const kind = host?.stage.kind;
  return kind === 'compare' || kind === 'paired' || kind === 'connecting' ? host : null;
}
