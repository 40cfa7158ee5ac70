/**
 * What a part of the lab is, and what it hands back.
 *
 * Invariant: a part says what it measured and which requirement that breaks; the runner alone
 * prints, writes the page and decides the exit status.
 */

export interface LabOptions {
  /** Fewer and shorter trials: minutes become seconds, and speed is not judged. */
  readonly quick: boolean;
  /** Seeds all that is random in a part; printed with the result. */
  readonly seed: number;
  /** Trials of each measurement, where the person who runs the lab said how many. */
  readonly trials?: number;
  /** Tells how far the part is: one line, for the person who waits. */
  readonly say: (line: string) => void;
}

/** A value of a machine-readable row. */
export type RowValue = string | number | boolean | null;

export type Row = Readonly<Record<string, RowValue>>;

/** A table of a report: cells are Markdown, as many in each row as there are heads. */
export interface ReportTable {
  /** A sentence above the table, where there is more than one. */
  readonly caption?: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ReportSection {
  readonly title: string;
  /** Markdown paragraphs: what was done and what was asked for. */
  readonly text: string;
  readonly tables: readonly ReportTable[];
  /** The same numbers for programs, in SI units named in the keys (`reconnectMs`). */
  readonly rows: readonly Row[];
  /** A sentence for each requirement that was not met; empty when all were. */
  readonly violations: readonly string[];
}

export interface LabPart {
  /** On the command line and in the marks of the page: kebab-case. */
  readonly name: string;
  readonly run: (options: LabOptions) => Promise<ReportSection>;
}
