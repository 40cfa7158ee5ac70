/**
 * What flowed during the last minute: a small curve, and the rates of now as text. Both are drawn
 * outside of React, four times and once a second: fifty rows must not be rendered again for it.
 */
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { PORTS } from '../../shared/messages/ports.ts';
import type { Say } from '../../shared/messages/language.ts';
import { formatRate } from '../state/format.ts';
import type { RateKey } from '../state/rate-book.ts';
import type { RateSeries } from '../state/rate-series.ts';
import { useRates } from '../state/use-page.ts';
import { useWords } from '../state/words.ts';
import { drawSparkline } from './draw-sparkline.ts';
import styles from './sparkline.module.css';

/** Samples between two texts: faster nobody reads. */
const TEXT_EVERY = 4;

export function Sparkline({ rateKey }: { readonly rateKey: RateKey }): ReactNode {
  const { say } = useWords(PORTS);
  const rates = useRates();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const parts = box.current === null ? undefined : partsOf(box.current);
    if (parts === undefined) return undefined;
    const view = new SparkView(parts, say);
    const draw = (): void => view.draw(rates.of(rateKey));
    const redraw = (): void => view.redraw(rates.of(rateKey));
    redraw();
    const stop = rates.subscribe(rateKey, draw);
    const sizes = new ResizeObserver(redraw);
    sizes.observe(parts.canvas);
    return () => {
      stop();
      sizes.disconnect();
    };
  }, [rates, rateKey, say]);
  return (
    <div ref={box} className={styles.spark}>
      <canvas className={styles.canvas} role="img" aria-label={say('noTraffic')} />
      <p className={styles.text} aria-hidden="true" hidden>
        <span>
          <ArrowDown />
          <span data-rate="down" />
        </span>
        <span>
          <ArrowUp />
          <span data-rate="up" />
        </span>
      </p>
    </div>
  );
}

interface Parts {
  readonly canvas: HTMLCanvasElement;
  readonly text: HTMLElement;
  readonly down: HTMLElement;
  readonly up: HTMLElement;
}

function partsOf(box: HTMLElement): Parts | undefined {
  const canvas = box.querySelector('canvas');
  const text = box.querySelector('p');
  const down = box.querySelector<HTMLElement>('[data-rate="down"]');
  const up = box.querySelector<HTMLElement>('[data-rate="up"]');
  if (canvas === null || text === null || down === null || up === null) return undefined;
  return { canvas, text, down, up };
}

/** What is drawn of one series. A line that stays flat is drawn once, one out of sight not at all. */
class SparkView {
  readonly #parts: Parts;
  readonly #say: Say<(typeof PORTS)['en']>;
  #isFlat = false;
  #samples = 0;

  constructor(parts: Parts, say: Say<(typeof PORTS)['en']>) {
    this.#parts = parts;
    this.#say = say;
  }

  redraw(series: RateSeries | undefined): void {
    this.#isFlat = false;
    this.#samples = 0;
    this.draw(series);
  }

  draw(series: RateSeries | undefined): void {
    if (!this.#parts.canvas.checkVisibility({ contentVisibilityAuto: true })) return;
    const points = series?.points ?? [];
    const wasFlat = this.#isFlat;
    this.#isFlat = points.every(({ received, sent }) => received === 0 && sent === 0);
    if (this.#isFlat && wasFlat) return;
    drawSparkline(this.#parts.canvas, points);
    if (this.#samples % TEXT_EVERY === 0 || this.#isFlat) this.#tell(series);
    this.#samples += 1;
  }

  #tell(series: RateSeries | undefined): void {
    const { canvas, text, down, up } = this.#parts;
    const { received, sent } = series?.now() ?? { received: 0, sent: 0 };
    text.hidden = received < 1 && sent < 1;
    const rates = { down: formatRate(received), up: formatRate(sent) };
    down.textContent = rates.down;
    up.textContent = rates.up;
    canvas.ariaLabel = this.#isFlat ? this.#say('noTraffic') : this.#say('rate', rates);
  }
}
