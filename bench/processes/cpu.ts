import { readFileSync, readdirSync } from 'node:fs';

/** Linux counts processor time in ticks of 10 ms (USER_HZ, fixed at 100 on every common architecture). */
const MS_PER_TICK = 10;
const KIB_PER_MB = 1024;

interface Stat {
  parent: number;
  /** Ticks of the process itself, and of the children that it has waited for. */
  ticks: number;
}

/**
 * Processor time in milliseconds of a process, its children, and those of its children that have ended. Postgres uses
 * one child for each connection.
 */
export function cpuMs(pid: number): number {
  const family = [statOf(pid), ...others().filter((stat) => stat.parent === pid)];
  return family.reduce((sum, stat) => sum + stat.ticks, 0) * MS_PER_TICK;
}

/** Resident memory of one process, in MB. */
export function residentMb(pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / KIB_PER_MB;
}

function others(): Stat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return [statOf(Number(pid))];
    } catch {
      // It ended during the search. Its parent now has its time.
      return [];
    }
  });
}

function statOf(pid: number): Stat {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): the name, in parentheses, may contain spaces. ppid is the 4th field; the times are the 14th to 17th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (position: number): number => Number(fields[position - 3]);
  return { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
