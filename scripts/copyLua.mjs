// Part of npm run build: copies the Lua scripts beside the compiled modules that read them. The compiler skips them.
import { cpSync, statSync } from 'node:fs';

cpSync('src/redis', 'dist/src/redis', {
  recursive: true,
  filter: (source) => source.endsWith('.lua') || statSync(source).isDirectory(),
});
