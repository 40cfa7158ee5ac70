/** Reads YAML as electron-builder reads its own configuration: the parser is its, not ours. */
import { dirname } from 'node:path';
import { loadParentConfig } from 'app-builder-lib/out/util/config/load.js';

export async function readYaml(path: string): Promise<unknown> {
  const request = {
    packageKey: 'build',
    configFilename: 'electron-builder',
    projectDir: dirname(path),
    packageMetadata: null,
  };
  const { result } = await loadParentConfig<unknown>(request, path);
  return result;
}
