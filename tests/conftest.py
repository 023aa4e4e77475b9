"""Options of all tests: `--nothing-skipped` for CI, and `--quick` for while one works."""

pytest_plugins = ["pytester", "tests.skipping", "tests.quick"]
