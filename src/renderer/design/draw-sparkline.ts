/** Draws the last minute of a series: what went out as an area, what came in as a thin line. */
import { RATES_KEPT_MS } from '../../shared/page-limits.ts';
import type { RatePoint } from '../state/rate-series.ts';

/** A curve of a few bytes must not look like a download. */
const SCALE_LEAST = 2000;

export function drawSparkline(canvas: HTMLCanvasElement, points: readonly RatePoint[]): void {
  const pen = canvas.getContext('2d');
  if (pen === null || canvas.clientWidth === 0) return;
  const { width, height } = fit(canvas, pen);
  const color = getComputedStyle(canvas).color;
  pen.clearRect(0, 0, width, height);
  pen.strokeStyle = color;
  pen.fillStyle = color;
  drawGround(pen, width, height);
  const end = points.at(-1)?.at;
  if (end === undefined) return;
  const most = points.reduce((max, { received, sent }) => Math.max(max, received, sent), 0);
  if (most === 0) return;
  const top = Math.max(most, SCALE_LEAST) * 1.08;
  const place = (point: RatePoint, value: number): [x: number, y: number] => [
    width - ((end - point.at) / RATES_KEPT_MS) * width,
    height - 1 - (value / top) * (height - 2),
  ];
  const inLine = points.map((point) => place(point, point.received));
  const outLine = points.map((point) => place(point, point.sent));
  drawArea(pen, outLine, height);
  drawLine(pen, outLine, 1);
  drawLine(pen, inLine, 0.5);
}

/** Makes the bitmap as fine as the screen; returns its size in CSS pixels. */
function fit(
  canvas: HTMLCanvasElement,
  pen: CanvasRenderingContext2D,
): { width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { width, height };
}

function drawGround(pen: CanvasRenderingContext2D, width: number, height: number): void {
  pen.globalAlpha = 0.22;
  pen.fillRect(0, height - 1, width, 1);
}

type Line = readonly (readonly [x: number, y: number])[];

function drawArea(pen: CanvasRenderingContext2D, line: Line, height: number): void {
  const [first] = line;
  const last = line.at(-1);
  if (first === undefined || last === undefined) return;
  pen.globalAlpha = 0.14;
  pen.beginPath();
  pen.moveTo(first[0], height - 1);
  for (const [x, y] of line) pen.lineTo(x, y);
  pen.lineTo(last[0], height - 1);
  pen.fill();
}

function drawLine(pen: CanvasRenderingContext2D, line: Line, alpha: number): void {
  pen.globalAlpha = alpha;
  pen.lineWidth = 1.25;
  pen.lineJoin = 'round';
  pen.beginPath();
  for (const [x, y] of line) pen.lineTo(x, y);
  pen.stroke();
}
