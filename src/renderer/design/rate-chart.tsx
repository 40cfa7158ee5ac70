/** One value of a device over the last minute (uPlot), with what it is now as text. */
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { METRICS_MS } from '../../shared/limits.ts';
import { RATES_KEPT_MS } from '../../shared/page-limits.ts';
import { DEVICES } from '../../shared/messages/devices.ts';
import type { RateKey } from '../state/rate-book.ts';
import type { RatePoint } from '../state/rate-series.ts';
import { useRates } from '../state/use-page.ts';
import { useWords } from '../state/words.ts';
import styles from './rate-chart.module.css';

/** One line of a chart. */
export type PickValue = (point: RatePoint) => number | null;

export interface RateChartProps {
  readonly rateKey: RateKey;
  readonly title: string;
  /** The first is drawn with an area beneath. The same array every time. */
  readonly lines: readonly PickValue[];
  readonly format: (value: number) => string;
  /** Names of the lines, where there is more than one. */
  readonly legend?: readonly string[];
  /** Says what all lines are at one moment. @default the first one, formatted */
  readonly tell?: ((values: readonly number[]) => string) | undefined;
  /** Top of the scale, at least. */
  readonly least: number;
}

const HEIGHT_PX = 88;

export function RateChart(props: RateChartProps): ReactNode {
  const { rateKey, title, lines, format, tell, least } = props;
  const { say } = useWords(DEVICES);
  const rates = useRates();
  const box = useRef<HTMLDivElement>(null);
  const [{ now, most }, setSummary] = useState({ now: '', most: '' });
  const latest = useRef({ format, tell });
  useEffect(() => {
    latest.current = { format, tell };
  });
  useEffect(() => {
    const parent = box.current;
    if (parent === null) return undefined;
    const chart = new uPlot(
      optionsOf(parent, lines.length, least, (v) => latest.current.format(v)),
      [[]],
      parent,
    );
    let ticks = 0;
    const draw = (): void => {
      const points = rates.of(rateKey)?.points ?? [];
      chart.setData(dataOf(points, lines));
      // As text once a second: faster nobody reads.
      if (ticks++ % (1000 / METRICS_MS) === 0) setSummary(summaryOf(points, lines, latest.current));
    };
    draw();
    const stop = rates.subscribe(rateKey, draw);
    const sizes = new ResizeObserver(() => {
      chart.setSize({ width: parent.clientWidth, height: HEIGHT_PX });
    });
    sizes.observe(parent);
    const themes = new MutationObserver(() => chart.redraw(false));
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      stop();
      sizes.disconnect();
      themes.disconnect();
      chart.destroy();
    };
  }, [rates, rateKey, lines, least]);
  const label =
    now === '' ? `${title}: ${say('notMeasured')}` : say('chartOf', { what: title, now, most });
  return (
    <figure className={styles.chart}>
      <figcaption className={styles.head}>
        <span className={styles.title}>{title}</span>
        {props.legend?.map((name) => (
          <span key={name} className={styles.legend}>
            {name}
          </span>
        ))}
        <span className={styles.now}>{now === '' ? '–' : now}</span>
      </figcaption>
      <div ref={box} className={styles.plot} role="img" aria-label={label} />
    </figure>
  );
}

function dataOf(points: readonly RatePoint[], lines: readonly PickValue[]): uPlot.AlignedData {
  const end = points.at(-1)?.at ?? 0;
  const times = points.map(({ at }) => (at - end) / 1000);
  return [times, ...lines.map((pick) => points.map(pick))] as uPlot.AlignedData;
}

function summaryOf(
  points: readonly RatePoint[],
  lines: readonly PickValue[],
  { format, tell }: Pick<RateChartProps, 'format' | 'tell'>,
): { now: string; most: string } {
  const last = points.at(-1);
  const values = last === undefined ? [] : lines.map((pick) => pick(last));
  const [main] = lines;
  const [value] = values;
  if (main === undefined || value === undefined || value === null) return { now: '', most: '' };
  const most = points.reduce((max, point) => Math.max(max, main(point) ?? 0), 0);
  const now = tell === undefined ? format(value) : tell(values.map((each) => each ?? 0));
  return { now, most: format(most) };
}

function optionsOf(
  parent: HTMLElement,
  lines: number,
  least: number,
  format: (value: number) => string,
): uPlot.Options {
  const colorOf = (role: string) => (): string =>
    getComputedStyle(parent).getPropertyValue(role) === '' ? 'gray' : resolveColor(parent, role);
  const accent = colorOf('--accent');
  const muted = colorOf('--text-muted');
  const line = colorOf('--line');
  return {
    width: Math.max(parent.clientWidth, 40),
    height: HEIGHT_PX,
    cursor: { show: false },
    legend: { show: false },
    padding: [6, 0, 7, 0],
    scales: {
      x: { time: false, range: [-RATES_KEPT_MS / 1000, 0] },
      y: { range: (_chart, _min, max) => [0, Math.max(least, (max ?? 0) * 1.15)] },
    },
    axes: [
      { show: false },
      {
        size: 54,
        gap: 6,
        stroke: muted,
        font: `11px ${getComputedStyle(parent).fontFamily}`,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        splits: (_chart, _axis, _min, max) => [0, max / 2.3, max / 1.15],
        values: (_chart, splits) => splits.map((value) => (value === 0 ? '0' : format(value))),
      },
    ],
    series: [
      {},
      ...Array.from({ length: lines }, (_, index) => ({
        stroke: accent,
        width: index === 0 ? 1.5 : 1,
        alpha: index === 0 ? 1 : 0.55,
        points: { show: false },
        spanGaps: false,
        ...(index === 0 ? { fill: () => `color-mix(in srgb, ${accent()} 14%, transparent)` } : {}),
      })),
    ],
  };
}

/** A role as a colour that a canvas understands: `light-dark()` is for style sheets alone. */
function resolveColor(parent: HTMLElement, role: string): string {
  const before = parent.style.color;
  parent.style.color = `var(${role})`;
  const color = getComputedStyle(parent).color;
  parent.style.color = before;
  return color;
}
