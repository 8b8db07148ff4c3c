// A line chart in SVG. Lines differ by dashes as well as by colour; the text alternative and the table of numbers say the same.

import { extent } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Post } from '../host.ts';
import { describeCurve, type Curve, type CurvePoint } from '../model/curves.ts';
import { downSample } from '../model/down-sample.ts';
import { numbersOf, valuesNear } from '../model/chart-numbers.ts';
import { ChartExport } from './chart-export.tsx';

const height = 180;
const margin = { top: 10, right: 12, bottom: 24, left: 64 };
/** Before the page has been laid out. */
const initialWidth = 360;

export interface ChartProperties {
  readonly curve: Curve;
  readonly post: Post;
  /** The step that is pointed at, in this chart or one beside it. */
  readonly pointed: number | undefined;
  readonly point: (step: number | undefined) => void;
}

export function Chart({ curve, post, pointed: pointedStep, point: setPointedStep }: ChartProperties) {
  const [width, setWidth] = useState(initialWidth);
  const figure = useRef<HTMLElement>(null);
  const chart = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const element = figure.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(200, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const { title, series, target, lastStep, format, formatTick = format } = curve;
  const all = series.flatMap(({ points }) => points.map(({ value }) => value));
  const [low = 0, high = 1] = extent(target === undefined ? all : [...all, target.value]);
  const x = scaleLinear([0, lastStep], [margin.left, width - margin.right]);
  // Amounts of cost are compared by their lengths, so their axis starts at zero.
  const y = scaleLinear(
    [curve.id === 'cost' ? 0 : low, low === high ? high + (Math.abs(high) || 1) : high],
    [height - margin.bottom, margin.top],
  ).nice(4);
  const path = line<CurvePoint>(
    ({ step }) => x(step),
    ({ value }) => y(value),
  );
  const isEmpty = all.length === 0;
  const pointed = pointedStep === undefined ? [] : valuesNear(curve, pointedStep);
  return (
    <figure ref={figure} class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {series.map(({ name, rank }) => (
            <li key={name}>
              <Sample kind={`series-${rank}`} /> {name}
            </li>
          ))}
          {target !== undefined && (
            <li>
              <Sample kind="target" /> {target.name}
            </li>
          )}
        </ul>
      </figcaption>
      {isEmpty ? (
        <p class="empty">Nothing measured yet.</p>
      ) : (
        <>
          <svg
            ref={chart}
            role="img"
            aria-label={describeCurve(curve)}
            width={width}
            height={height}
            onPointerMove={(event) => setPointedStep(x.invert(event.offsetX))}
            onPointerLeave={() => setPointedStep(undefined)}
          >
            {y.ticks(4).map((tick) => (
              <g key={tick}>
                <line class="grid" x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} />
                <text x={margin.left - 6} y={y(tick)} dy="0.32em" text-anchor="end">
                  {formatTick(tick)}
                </text>
              </g>
            ))}
            {x
              .ticks(Math.max(2, Math.floor(width / 90)))
              .filter(Number.isInteger)
              .map((tick) => (
                <text key={tick} x={x(tick)} y={height - 6} text-anchor="middle">
                  {tick}
                </text>
              ))}
            {target !== undefined && (
              <line
                class="line target"
                x1={margin.left}
                x2={width - margin.right}
                y1={y(target.value)}
                y2={y(target.value)}
              />
            )}
            {series.map(({ name, rank, points }) => {
              const drawn = downSample(points, Math.max(4, Math.floor(width)));
              const [only] = drawn;
              // A line through one point has no length.
              if (drawn.length === 1 && only !== undefined) {
                return <circle key={name} class={`dot series-${rank}`} cx={x(only.step)} cy={y(only.value)} r="3" />;
              }
              return <path key={name} class={`line series-${rank}`} d={path(drawn) ?? ''} />;
            })}
            {pointed.map(({ name, rank, point }) => (
              <circle key={name} class={`dot series-${rank}`} cx={x(point.step)} cy={y(point.value)} r="4" />
            ))}
          </svg>
          <p class="readout" aria-hidden="true">
            {pointed.map(({ name, point }) => `step ${point.step}: ${name} ${format(point.value)}`).join(' · ')}
          </p>
          <Numbers curve={curve} />
          <ChartExport name={title} chart={chart} post={post} />
        </>
      )}
    </figure>
  );
}

function Sample({ kind }: { readonly kind: string }) {
  return (
    <svg class="sample" aria-hidden="true" width="24" height="8">
      <line class={`line ${kind}`} x1="0" x2="24" y1="4" y2="4" />
    </svg>
  );
}

function Numbers({ curve }: { readonly curve: Curve }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Numbers<span class="visually-hidden"> of {curve.title}</span>
      </summary>
      {isOpen && (
        <table>
          <thead>
            <tr>
              <th scope="col" class="numeric">
                Step
              </th>
              {curve.series.map(({ name }) => (
                <th key={name} scope="col" class="numeric">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {numbersOf(curve).map(({ step, values }) => (
              <tr key={step}>
                <th scope="row" class="numeric">
                  {step}
                </th>
                {values.map((value, index) => (
                  <td key={curve.series[index]?.name} class="numeric">
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
