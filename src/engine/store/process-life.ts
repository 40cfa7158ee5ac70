/**
 * Whether a process still lives, in spite of numbers that are given out again. On Linux a process
 * is told by its number, its start and the boot; elsewhere by its number alone.
 */
import { readFileSync } from 'node:fs';
import { errnoOf } from './file-system.ts';

/** A process as another one can recognise it. */
export interface ProcessMark {
  readonly pid: number;
  /** Boot id and start time in clock ticks; empty where the system does not tell. */
  readonly startedAt: string;
}

/** The process this runs in. */
export function markOfThisProcess(): ProcessMark {
  return { pid: process.pid, startedAt: startOf(process.pid).startedAt };
}

/** Whether that very process runs. One that was killed and waits for its parent does not. */
export function isRunning(mark: ProcessMark): boolean {
  if (!hasProcess(mark.pid)) return false;
  if (mark.startedAt === '') return true;
  const now = startOf(mark.pid);
  if (now.startedAt === '') return hasProcess(mark.pid);
  return now.startedAt === mark.startedAt && !now.ended;
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: it is there, and somebody else's.
    return errnoOf(thrown) === 'EPERM';
  }
}

interface ProcessStart {
  readonly startedAt: string;
  /** A zombie. */
  readonly ended: boolean;
}

/** Fields 3 (state) and 22 (start time) of proc_pid_stat(5); the name, field 2, can hold anything. */
function startOf(pid: number): ProcessStart {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { startedAt: `${boot}/${fields[19] ?? ''}`, ended: /^[ZX]/.test(fields[0] ?? '') };
  } catch {
    return { startedAt: '', ended: false };
  }
}
