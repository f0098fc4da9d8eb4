// A small file system of its own that a test fills up; only root may mount one.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './processes.mjs';

const mounted = new Set();
// Before the listener of processes.mjs, which removes the folder.
process.prependListener('exit', () => { for (const folder of mounted) spawnSync('umount', ['-l', folder]); });

/** Flags for a gateway on such a disk: RocksDB takes room for its log ahead, a little more than half of its write buffers. */
export const smallStore = ['--rocksdb-write-buffers', '32MiB'];

export class SmallDisk {
  /** A disk of so many MiB; undefined where this process may not mount one. */
  static mount(mebibytes) {
    const folder = temporaryFolder('disk');
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]).status !== 0) return undefined;
    mounted.add(folder);
    return new SmallDisk(folder);
  }

  constructor(folder) {
    this.folder = folder;
    this.filler = join(folder, 'filler');
  }

  /** Takes what room is left. */
  fill() {
    const block = Buffer.alloc(64 * 1024, 'x');
    const open = openSync(this.filler, 'a');
    try {
      for (let size = block.length; size >= 512; size = size / 2) while (statfsSync(this.folder).bavail > 0) if (writeSync(open, block, 0, size) < size) break;
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(open);
    }
  }

  free() {
    rmSync(this.filler, { force: true });
  }

  remount(how) {
    const { status, stderr } = spawnSync('mount', ['-o', `remount,${how}`, this.folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`remount ${how}: ${stderr}`);
  }
}
