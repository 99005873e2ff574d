"""The case, the duties and the disclosure: pure code that imports only itself and the standard library."""
