"""What the tests stand on: every test must leave nothing behind and log no surprise."""
