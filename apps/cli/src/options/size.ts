import { usageFault } from '../faults';

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Bytes: `1000`, `100MB`, `1GiB`. */
export function sizeOption(name: string): (text: string) => number {
  return (text) => {
    const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
    const bytes = Number(number) * (UNITS[unit.toLowerCase() || 'b'] ?? NaN);
    if (number !== '' && bytes >= 1 && Number.isSafeInteger(Math.round(bytes))) return Math.round(bytes);
    throw usageFault(`${name}: "${text}" is not a size`, 'write it like 500kB, 100MB or 1GiB');
  };
}

export function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
