import { launch } from './start';

void launch({ watch: process.argv.includes('--watch') });
