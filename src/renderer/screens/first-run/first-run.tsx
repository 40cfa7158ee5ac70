/**
 * The first steps, in under a minute: a name, another computer, a first port. They are over when
 * `preferences.firstRun` is `done`; every one of them can be skipped, and done later elsewhere.
 */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useNavigation } from '../../app/use-navigation.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { FIRST_RUN } from '../../../shared/messages/first-run.ts';
import { Button } from '../../design/button.tsx';
import { cx } from '../../design/cx.ts';
import { useAct } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { PairingFlow } from '../add-device/pairing-flow.tsx';
import { ConnectStep } from './connect-step.tsx';
import styles from './first-run.module.css';
import { KeepsStep } from './keeps-step.tsx';
import { ShareStep } from './share-step.tsx';
import { StepTitle } from './step-title.tsx';
import { numberOf, STEP_COUNT, stepBefore } from './steps.ts';
import type { Step } from './steps.ts';
import { WelcomeStep } from './welcome-step.tsx';

export function FirstRun(): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const [step, setStep] = useState<Step>({ kind: 'welcome' });
  const finish = useFinish();
  return (
    // Each step begins at its top.
    <div key={step.kind} className={styles.screen}>
      <section className={styles.sheet} aria-label={say('label')}>
        <Progress step={step} />
        <StepContent step={step} onStep={setStep} onFinish={finish} />
        <Foot step={step} onStep={setStep} onFinish={finish} />
      </section>
    </div>
  );
}

function useFinish(): () => void {
  const act = useAct();
  const navigation = useNavigation();
  return () => {
    navigation.go('ports');
    void act('changePreferences', { firstRun: 'done' });
  };
}

function Progress({ step }: { readonly step: Step }): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const number = numberOf(step);
  return (
    <div className={styles.progress}>
      <span className={styles.dots} aria-hidden="true">
        {Array.from({ length: STEP_COUNT }, (_, index) => (
          <span key={index} className={cx(styles.dot, index < number && styles.past)} />
        ))}
      </span>
      {say('step', { step: number, count: STEP_COUNT })}
    </div>
  );
}

interface StepProps {
  readonly step: Step;
  readonly onStep: (step: Step) => void;
  readonly onFinish: () => void;
}

function StepContent({ step, onStep, onFinish }: StepProps): ReactNode {
  const { say } = useWords(FIRST_RUN);
  switch (step.kind) {
    case 'welcome':
      return <WelcomeStep onDone={() => onStep({ kind: 'connect' })} />;
    case 'connect':
      return <ConnectStep onChoose={(begin) => onStep({ kind: 'pair', begin })} />;
    case 'pair':
      return (
        <>
          <StepTitle>{say('connect')}</StepTitle>
          <PairingFlow
            begin={step.begin}
            grant={null}
            code={null}
            onDone={() => onStep({ kind: 'share' })}
          />
        </>
      );
    case 'share':
      return <ShareStep />;
    case 'keeps':
      return <KeepsStep onDone={onFinish} />;
  }
}

/** Way back, way on and way out. The steps that need an answer have their own way on. */
function Foot({ step, onStep, onFinish }: StepProps): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const { say: sayCommon } = useWords(COMMON);
  const before = stepBefore(step);
  const isSkippable = step.kind === 'connect' || step.kind === 'pair';
  return (
    <div className={styles.foot}>
      {step.kind !== 'keeps' && (
        <Button look="quiet" onClick={onFinish}>
          {say('skipAll')}
        </Button>
      )}
      <span className={styles.ways}>
        {before !== null && <Button onClick={() => onStep(before)}>{sayCommon('back')}</Button>}
        {isSkippable && (
          <Button onClick={() => onStep({ kind: 'share' })}>{sayCommon('skip')}</Button>
        )}
        {step.kind === 'share' && (
          <Button look="primary" onClick={() => onStep({ kind: 'keeps' })}>
            {sayCommon('continue')}
          </Button>
        )}
      </span>
    </div>
  );
}
