/** The state of a ticket when it is scanned. */
export interface ScannedTicket {
  status: 'VALID' | 'USED' | 'VOID';
  /** A code with an earlier version is void. */
  version: number;
  /** The time of the scan that admitted, if the status is USED. */
  usedAt: Date | null;
  usedDevice: string | null;
}

export interface Scan {
  /** The version in the scanned code. */
  version: number;
  at: Date;
  /** The device of an offline scan, which is uploaded later. null for an online scan. */
  device: string | null;
}

export type ScanVerdict =
  /** No visitor was admitted before with this ticket. */
  | 'admits'
  /** This scan was already uploaded. */
  | 'has-admitted'
  /** This scan was earlier than the scan that counted so far. The other scan becomes the duplicate. */
  | 'was-first'
  /** Another scan was earlier. */
  | 'duplicate'
  | 'void';

/**
 * Judges a scan. The earliest scan wins, in whatever order the scans arrive. An offline scan has already admitted a
 * visitor, and the upload only reports it. If two scans have the same instant, the one that arrived first counts.
 */
export function judgeScan({ status, version, usedAt, usedDevice }: ScannedTicket, scan: Scan): ScanVerdict {
  if (status === 'VOID' || version !== scan.version) return 'void';
  if (!usedAt) return 'admits';
  const [used, now] = [usedAt.getTime(), scan.at.getTime()];
  if (scan.device === null || now > used) return 'duplicate';
  if (now < used) return 'was-first';
  return scan.device === usedDevice ? 'has-admitted' : 'duplicate';
}
