/** Settings, Network. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { RendezvousView } from '../../../shared/contract.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { Chip } from '../../design/chip.tsx';
import { Switch } from '../../design/toggle.tsx';
import { usePage, useStatus } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import { Card } from './card.tsx';
import { ServerList } from './server-list.tsx';
import { checkHold, checkPort, checkRendezvous, checkStun } from './setting-checks.ts';
import { TextSetting } from './text-setting.tsx';
import { TurnForm } from './turn-form.tsx';
import { useSettings } from './use-settings.ts';

export function Network(): ReactNode {
  const { say } = useWords(SETTINGS);
  const { settings } = useSettings();
  const { holdSeconds, signalingPort, rendezvous, stun, turn } = settings;
  return (
    <Card title={say('network')}>
      <Discovery />
      <TextSetting
        label={say('hold')}
        hint={say('holdHint')}
        unit={say('holdUnit')}
        look="short"
        inputMode="numeric"
        value={String(holdSeconds)}
        check={checkHold}
        changeOf={(seconds) => ({ holdSeconds: seconds })}
      />
      <TextSetting
        label={say('signalingPort')}
        hint={say('signalingPortHint')}
        look="short"
        inputMode="numeric"
        value={signalingPort === null ? '' : String(signalingPort)}
        check={checkPort}
        changeOf={(port) => ({ signalingPort: port })}
      />
      <ServerList
        title={say('rendezvous')}
        hint={say('rendezvousHint')}
        none={say('rendezvousNone')}
        addLabel={say('addRendezvous')}
        example="wss://rendezvous.example.org"
        servers={rendezvous}
        stateOf={stateOfRendezvous}
        check={(text) => checkRendezvous(text, rendezvous)}
        changeOf={(servers) => ({ rendezvous: servers })}
      />
      <ServerList
        title={say('stun')}
        hint={say('stunHint')}
        none={say('stunNone')}
        addLabel={say('addStun')}
        example="stun:stun.example.org:3478"
        servers={stun}
        check={(text) => checkStun(text, stun)}
        changeOf={(servers) => ({ stun: servers })}
      />
      <ServerList
        title={say('turn')}
        hint={say('turnHint')}
        none={say('turnNone')}
        servers={turn}
        changeOf={(servers) => ({ turn: servers })}
        form={<TurnForm />}
      />
    </Card>
  );
}

/** What was just chosen is shown until the engine has said the same. */
function Discovery(): ReactNode {
  const { say } = useWords(SETTINGS);
  const language = useLanguage();
  const { toasts } = usePage();
  const { settings, change } = useSettings();
  const [wanted, setWanted] = useState<boolean | null>(null);
  const choose = async (discovery: boolean): Promise<void> => {
    setWanted(discovery);
    const outcome = await change({ discovery });
    setWanted(null);
    if (outcome.ok) return;
    const { error } = outcome;
    toasts.add({ kind: 'failed', text: sayFailure(error, language), code: error.code });
  };
  return (
    <Switch
      label={say('discovery')}
      hint={say('discoveryHint')}
      checked={wanted ?? settings.discovery}
      onChange={(discovery) => void choose(discovery)}
    />
  );
}

const LOOKS = {
  open: { mood: 'good', shape: 'filled', key: 'stateOpen' },
  connecting: { mood: 'wait', shape: 'gap', key: 'stateConnecting' },
  unreachable: { mood: 'bad', shape: 'alert', key: 'stateUnreachable' },
} as const;

function stateOfRendezvous(url: string): ReactNode {
  return <RendezvousState url={url} />;
}

function RendezvousState({ url }: { readonly url: string }): ReactNode {
  const { say } = useWords(SETTINGS);
  const { settings } = useSettings();
  const state = stateOf(useStatus()?.rendezvous ?? [], url);
  if (state === undefined) {
    if (settings.restart === 'not-needed') return null;
    return (
      <Chip mood="rest" shape="thin">
        {say('stateAfterRestart')}
      </Chip>
    );
  }
  const { mood, shape, key } = LOOKS[state];
  return (
    <Chip mood={mood} shape={shape}>
      {say(key)}
    </Chip>
  );
}

/** The engine may write an address in its own way. */
function stateOf(
  views: readonly RendezvousView[],
  url: string,
): RendezvousView['state'] | undefined {
  return views.find((view) => sameAddress(view.url, url))?.state;
}

function sameAddress(one: string, other: string): boolean {
  const [a, b] = [one, other].map((url) => (URL.canParse(url) ? new URL(url).href : url));
  return a === b;
}
