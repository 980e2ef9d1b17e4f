import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Reads a Lua script. A module calls this once, when it is loaded, so no call of Redis reads a file.
 *
 * The build copies the files beside the compiled module. The build id of a worker finds them by their names in it, so
 * name each file as a literal that ends with `.lua`.
 *
 * @param folder the `__dirname` of the module; its scripts are in the same folder
 * @param files the script. Before it, files with local functions that it shares with other scripts
 */
export function luaScript(folder: string, ...files: string[]): string {
  return files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
}
