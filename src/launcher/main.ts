import { launch } from './start/start';

void launch({ watch: process.argv.includes('--watch') });
