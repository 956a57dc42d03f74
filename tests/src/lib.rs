//! Live scenarios: kernel, fan-out, plugin host, browser.
