/** What was entered to share a port, and whether it makes sense. Pure. */
import type { CallParams } from '../../../shared/contract.ts';
import { parsePort } from '../../../shared/target.ts';

export interface ShareForm {
  readonly port: string;
  readonly name: string;
  readonly who: 'everyone' | 'chosen';
  /** Short ids of the chosen devices. */
  readonly chosen: readonly string[];
  /** Empty: the port on this computer. */
  readonly target: string;
  readonly lan: 'this-computer' | 'allow-lan';
}

/** A key of the texts of the page. */
export type FormProblem = 'portInvalid' | 'chooseOne';

export function emptyForm(port: number | null): ShareForm {
  return {
    port: port === null ? '' : String(port),
    name: '',
    who: 'everyone',
    chosen: [],
    target: '',
    lan: 'this-computer',
  };
}

/** What to ask the engine for, or what to tell the person. */
export function paramsOfForm(form: ShareForm): CallParams<'share'> | FormProblem {
  const target = form.target.trim();
  if (target === '' && parsePort(form.port.trim()) === undefined) return 'portInvalid';
  if (form.who === 'chosen' && form.chosen.length === 0) return 'chooseOne';
  return {
    target: target === '' ? form.port.trim() : target,
    name: form.name.trim() === '' ? null : form.name.trim(),
    peers: form.who === 'everyone' ? [] : [...form.chosen],
    lan: form.lan,
  };
}
