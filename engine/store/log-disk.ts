import * as fs from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "@plinth/file";

/** A file of the log. */
export interface LogDiskFile {
  /** Resolves once all of it is on disk, outliving a power failure; after a failure, any part of it may be. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Less than `length` bytes only where the file ends. */
  read(length: number, position: number): Promise<Buffer>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** The directory of the log: all that it does to a disk, so that tests can put a failing one in its place. */
export interface LogDisk {
  names(): Promise<string[]>;
  /** Opens a file, which is made if need be; that its name outlives a power failure takes a `sync`. */
  open(name: string): Promise<LogDiskFile>;
  remove(name: string): Promise<void>;
  sync(): Promise<void>;
}

/** Beyond this one write to the kernel is cut into several: it takes no more than 2 GiB at once. */
const WRITE_BYTES_MAX = 2 ** 30;

/** A directory of the file system, which exists. */
export function directoryDisk(directory: string): LogDisk {
  return {
    names: () => readdir(directory),
    remove: (name) => rm(join(directory, name), { force: true }),
    sync: () => syncDirectory(directory),
    async open(name) {
      const { O_CREAT, O_DSYNC, O_RDWR } = fs.constants;
      const handle = await open(join(directory, name), O_RDWR | O_CREAT | O_DSYNC, 0o600);
      return {
        write: (bytes, position) => writeAll(handle.fd, bytes, position),
        async read(length, position) {
          const buffer = Buffer.allocUnsafeSlow(length);
          let have = 0;
          while (have < length) {
            const { bytesRead } = await handle.read(buffer, have, length - have, position + have);
            if (bytesRead === 0) break;
            have += bytesRead;
          }
          return buffer.subarray(0, have);
        },
        size: async () => (await handle.stat()).size,
        close: () => handle.close(),
      };
    },
  };
}

/** With one promise and one call back, not the several of a `FileHandle`: this is on the way of every commit. */
function writeAll(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let done = 0;
    const step = (): void => {
      const length = Math.min(WRITE_BYTES_MAX, bytes.length - done);
      fs.write(descriptor, bytes, done, length, position + done, (error, written) => {
        if (error !== null) return reject(error);
        done += written;
        if (done < bytes.length) step();
        else resolve();
      });
    };
    step();
  });
}
