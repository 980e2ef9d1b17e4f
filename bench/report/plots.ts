import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as echarts from 'echarts';
import { repositoryRoot } from '../../src/config/repository';
import { sumOf } from '../processes/meter';
import type { Report, RowReport } from './report';

const WIDTH = 1_000;
const NAMES_WIDTH = 370;
const BAR_HEIGHT = 30;
const MARGIN = { top: 80, bottom: 40 };
const COLORS = {
  reached: '#3a8f6d',
  missed: '#cf4446',
  /** In the order in which processes appear in the report. The processes of the references come last. */
  processes: [
    '#3f78b5',
    '#dd9a2b',
    '#3a8f6d',
    '#cf4446',
    '#7b3fa0',
    '#8a94a6',
    '#5b4636',
    '#9fc2e0',
    '#c9a3dc',
  ],
};

/**
 * @returns the files of two charts: each figure compared with its target, and the processor time of one operation by
 *   process
 */
export function writePlots(report: Report): string[] {
  const folder = path.join(repositoryRoot(), 'docs/performance');
  mkdirSync(folder, { recursive: true });
  const charts = { targets: targetChart(report.rows), processor: processorChart(report.rows) };
  return Object.entries(charts).map(([name, svg]) => {
    const file = path.join(folder, `${name}.svg`);
    writeFileSync(file, svg);
    return file;
  });
}

/**
 * Each ratio as a share of its target. A value of 1 or more has reached the target, also for targets with an upper
 * limit.
 */
function targetChart(all: readonly RowReport[]): string {
  const rows = all.flatMap(({ target, ...row }) => (target ? [{ ...row, target }] : []));
  const shares = rows.map(({ ratio, target }) =>
    'atLeast' in target ? ratio.median / target.atLeast : target.atMost / ratio.median,
  );
  return render(rows.length, {
    title: { text: 'Each figure against its target (1 = reached)' },
    xAxis: { type: 'value', min: 0 },
    yAxis: { type: 'category', inverse: true, data: rows.map(({ figure }) => figure) },
    series: [
      {
        type: 'bar',
        data: shares.map((share, index) => ({
          value: Number(share.toFixed(2)),
          itemStyle: { color: rows[index]?.reached ? COLORS.reached : COLORS.missed },
        })),
        label: { show: true, position: 'right' },
        markLine: {
          symbol: 'none',
          silent: true,
          label: { show: false },
          data: [{ xAxis: 1 }],
          lineStyle: { color: '#333' },
        },
      },
    ],
  });
}

/**
 * Our processor time above that of the reference, divided by processes. In percent, because a hold costs a hundred
 * times a poll.
 */
function processorChart(rows: readonly RowReport[]): string {
  const bars = rows.flatMap(({ figure, reference, cpuMs }) => [
    { name: figure, cpu: cpuMs.ours },
    { name: `against ${reference}`, cpu: cpuMs.reference },
  ]);
  const processes = [...new Set(bars.flatMap(({ cpu }) => Object.keys(cpu)))];
  return render(bars.length, {
    title: { text: 'Processor time of one operation by process, in percent' },
    color: COLORS.processes,
    legend: { top: 44, itemGap: 24, data: processes },
    xAxis: { type: 'value', min: 0, max: 100 },
    yAxis: { type: 'category', inverse: true, data: bars.map(({ name }) => name) },
    series: processes.map((process) => ({
      name: process,
      type: 'bar',
      stack: 'cpu',
      data: bars.map(({ cpu }) => {
        const sum = sumOf(cpu);
        return sum > 0 ? Number((((cpu[process] ?? 0) / sum) * 100).toFixed(1)) : 0;
      }),
    })),
  });
}

function render(bars: number, option: echarts.EChartsOption): string {
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: MARGIN.top + bars * BAR_HEIGHT + MARGIN.bottom,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    grid: { left: NAMES_WIDTH, right: 60, ...MARGIN },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
