// Accuracy over cost in SVG: circles and a line for structures as learned, squares and dashes for those trained from scratch.

import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Post } from '../host.ts';
import { percent } from '../model/curves.ts';
import {
  accuracyAxis,
  describeTradeOff,
  type TradeOff,
  type TradeOffPoint,
  type TradeOffSeries,
} from '../model/trade-off.ts';
import { ChartExport } from './chart-export.tsx';

const height = 300;
const margin = { top: 10, right: 18, bottom: 42, left: 64 };
const radius = 4;
/** Room below the lowest accuracy for the mark of an axis that does not begin at zero. */
const breakHeight = 18;
/** Before the page has been laid out. */
const initialWidth = 420;

export function TradeOffChart({ tradeOff, post }: { readonly tradeOff: TradeOff; readonly post: Post }) {
  const [width, setWidth] = useState(initialWidth);
  const figure = useRef<HTMLElement>(null);
  const chart = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const element = figure.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(240, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { series, resource, target } = tradeOff;
  const all = series.flatMap(({ points }) => points);
  const { low, high, isBroken } = accuracyAxis(all.map(({ accuracy }) => accuracy));
  const most = Math.max(1, ...all.map(({ costShare }) => costShare));
  const x = scaleLinear([0, most], [margin.left, width - margin.right]);
  const y = scaleLinear([low, high], [height - margin.bottom - (isBroken ? breakHeight : 0), margin.top]);
  const axisEnd = height - margin.bottom;
  const path = line<TradeOffPoint>(
    ({ costShare }) => x(costShare),
    ({ accuracy }) => y(accuracy),
  );
  return (
    <figure ref={figure} class="chart">
      <figcaption>
        <ul class="legend">
          {series.map(({ name, rank }) => (
            <li key={name}>
              <svg class="sample" aria-hidden="true" width="24" height="10">
                <line class={`line series-${rank}`} x1="0" x2="24" y1="5" y2="5" />
                <Mark rank={rank} x={12} y={5} />
              </svg>{' '}
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      {all.length === 0 ? (
        <p class="empty">No strength has been measured yet.</p>
      ) : (
        <svg ref={chart} role="img" aria-label={describeTradeOff(tradeOff)} width={width} height={height}>
          {y.ticks(5).map((tick) => (
            <g key={tick}>
              <line class="grid" x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} />
              <text x={margin.left - 6} y={y(tick)} dy="0.32em" text-anchor="end">
                {percent(Math.round(tick * 10_000) / 10_000)}
              </text>
            </g>
          ))}
          <line class="grid" x1={margin.left} x2={width - margin.right} y1={axisEnd} y2={axisEnd} />
          {isBroken && (
            <>
              <path
                class="break"
                d={`M${margin.left - 5} ${axisEnd - 4}l10 -4M${margin.left - 5} ${axisEnd - 9}l10 -4`}
              />
              <text x={margin.left - 10} y={axisEnd} dy="0.32em" text-anchor="end">
                0 %
              </text>
            </>
          )}
          {x.ticks(Math.max(2, Math.floor(width / 90))).map((tick) => (
            <text key={tick} x={x(tick)} y={height - margin.bottom + 18} text-anchor="middle">
              {percent(Math.round(tick * 1000) / 1000)}
            </text>
          ))}
          <text x={(margin.left + width - margin.right) / 2} y={height - 6} text-anchor="middle">
            {resource}, share of the seed&apos;s
          </text>
          <line class="line target" x1={x(1)} x2={x(1)} y1={margin.top} y2={height - margin.bottom} />
          <text x={x(1) - 4} y={margin.top + 10} text-anchor="end">
            seed
          </text>
          {target !== undefined && (
            <>
              <line class="line target" x1={x(target.share)} x2={x(target.share)} y1={margin.top} y2={axisEnd} />
              <text x={x(target.share) - 4} y={margin.top + 10} text-anchor="end">
                target {percent(target.share)}
              </text>
            </>
          )}
          {series.map(({ name, rank, points }) => (
            <g key={name}>
              <path class={`line series-${rank}`} d={path(points) ?? ''} />
              {points.map((point) => (
                <g key={point.strength}>
                  {point.run === target?.run && (
                    <circle class="ring" cx={x(point.costShare)} cy={y(point.accuracy)} r={2 * radius} />
                  )}
                  <Mark rank={rank} x={x(point.costShare)} y={y(point.accuracy)} />
                </g>
              ))}
            </g>
          ))}
        </svg>
      )}
      {all.length > 0 && <ChartExport name="Accuracy over cost" chart={chart} post={post} />}
    </figure>
  );
}

function Mark({ rank, x, y }: { readonly rank: TradeOffSeries['rank']; readonly x: number; readonly y: number }) {
  if (rank === 0) return <circle class="dot series-0" cx={x} cy={y} r={radius} />;
  return <rect class="dot series-1" x={x - radius} y={y - radius} width={2 * radius} height={2 * radius} />;
}
