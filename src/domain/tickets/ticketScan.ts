/** A ticket as a gate finds it. */
export interface ScannedTicket {
  status: 'VALID' | 'USED' | 'VOID';
  /** Codes of earlier versions are void. */
  version: number;
  /** The scan that admitted, where the status is USED. */
  usedAt: Date | null;
  usedDevice: string | null;
}

export interface Scan {
  /** Of the code that was scanned. */
  version: number;
  at: Date;
  /** Of a scan that comes from a device without a network, and is uploaded later. */
  device: string | null;
}

export type ScanVerdict =
  /** Nobody was admitted before. */
  | 'admits'
  /** The same scan was uploaded before. */
  | 'has-admitted'
  /** It was earlier than the scan that counted so far, which is the duplicate. */
  | 'was-first'
  /** Another scan was earlier. */
  | 'duplicate'
  | 'void';

/**
 * Judges a scan. The earliest scan wins, in whatever order they arrive: a scan without a network has admitted
 * somebody already, and uploading it only says so. Of two at one instant the one that arrived first counts.
 */
export function judgeScan({ status, version, usedAt, usedDevice }: ScannedTicket, scan: Scan): ScanVerdict {
  if (status === 'VOID' || version !== scan.version) return 'void';
  if (!usedAt) return 'admits';
  const [used, now] = [usedAt.getTime(), scan.at.getTime()];
  if (scan.device === null || now > used) return 'duplicate';
  if (now < used) return 'was-first';
  return scan.device === usedDevice ? 'has-admitted' : 'duplicate';
}
