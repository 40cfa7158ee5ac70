/** A control with its label, a hint, and what is wrong with what was entered. */
import { createContext, useContext, useId, useMemo } from 'react';
import type { InputHTMLAttributes, ReactNode, Ref, TextareaHTMLAttributes } from 'react';
import { cx } from './cx.ts';
import styles from './field.module.css';

interface FieldIds {
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly isInvalid: boolean;
}

const FieldContext = createContext<FieldIds | null>(null);

export interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  /** Read out when it appears. */
  readonly problem?: ReactNode;
  /** Its control takes its id and description from here, as TextInput, TextArea and Select do. */
  readonly children: ReactNode;
}

export function Field({ label, hint, problem, children }: FieldProps): ReactNode {
  const id = useId();
  const hintId = hint === undefined ? undefined : `${id}-hint`;
  const problemId = problem === undefined ? undefined : `${id}-problem`;
  const described = cx(hintId, problemId);
  const ids = useMemo(
    () => ({
      id,
      describedBy: described === '' ? undefined : described,
      isInvalid: problemId !== undefined,
    }),
    [id, described, problemId],
  );
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id} id={`${id}-label`}>
        {label}
      </label>
      <FieldContext value={ids}>{children}</FieldContext>
      {hint !== undefined && (
        <p className={styles.hint} id={hintId}>
          {hint}
        </p>
      )}
      <div role="alert">
        {problem !== undefined && (
          <p className={styles.problem} id={problemId}>
            {problem}
          </p>
        )}
      </div>
    </div>
  );
}

/** What a control inside a Field has to carry; nothing outside of one. */
export function useFieldIds(): {
  readonly id?: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: true;
} {
  const ids = useContext(FieldContext);
  if (ids === null) return {};
  return {
    id: ids.id,
    ...(ids.describedBy === undefined ? {} : { 'aria-describedby': ids.describedBy }),
    ...(ids.isInvalid ? { 'aria-invalid': true } : {}),
  };
}

export interface TextInputProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly ref?: Ref<HTMLInputElement>;
}

export function TextInput({ className, ...rest }: TextInputProps): ReactNode {
  const ids = useFieldIds();
  return (
    <input
      type="text"
      autoComplete="off"
      spellCheck={false}
      {...ids}
      {...rest}
      className={cx(styles.input, className)}
    />
  );
}

export interface TextAreaProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  readonly ref?: Ref<HTMLTextAreaElement>;
}

export function TextArea({ className, ...rest }: TextAreaProps): ReactNode {
  const ids = useFieldIds();
  return (
    <textarea
      autoComplete="off"
      spellCheck={false}
      {...ids}
      {...rest}
      className={cx(styles.input, className)}
    />
  );
}
