// The set-up of the Jest project that runs the suites of workflows on the real server.
process.env['TEST_TIME'] = 'real';
